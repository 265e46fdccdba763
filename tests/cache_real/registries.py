# Makes registries of every package manager with one package in each, and projects that want it; the container serves them.
import base64, hashlib, io, json, os, tarfile, zipfile

def archive(files):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()

def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())

url = "http://127.0.0.1:8000"
package = {"name": "alpha", "version": "1.0.0"}
tarball = archive({"package/package.json": json.dumps(package)})
put("/index/npm/-/alpha-1.0.0.tgz", tarball)
integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
package["dist"] = {"tarball": f"{url}/npm/-/alpha-1.0.0.tgz", "integrity": integrity, "shasum": hashlib.sha1(tarball).hexdigest()}
put("/index/npm/alpha", json.dumps({"name": "alpha", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": package}}))
put("/w/node/package.json", '{"name": "web", "private": true, "dependencies": {"alpha": "1.0.0"}}')
put("/w/berry/package.json", '{"name": "web", "private": true, "dependencies": {"alpha": "1.0.0"}}')
put("/w/berry/yarn.lock", "")

manifest = '[package]\nname = "alpha"\nversion = "1.0.0"\nedition = "2021"\n'
crate = archive({"alpha-1.0.0/Cargo.toml": manifest, "alpha-1.0.0/src/lib.rs": ""})
put("/index/cargo/alpha.crate", crate)
put("/index/cargo/config.json", json.dumps({"dl": f"{url}/cargo/{{crate}}.crate"}))
entry = {"name": "alpha", "vers": "1.0.0", "deps": [], "cksum": hashlib.sha256(crate).hexdigest(), "features": {}, "yanked": False}
put("/index/cargo/al/ph/alpha", json.dumps(entry))
put("/w/rust/Cargo.toml", '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\nalpha = "1"\n')
put("/w/rust/src/lib.rs", "")
put("/w/rust/.cargo/config.toml", f'[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "sparse+{url}/cargo/"\n')

put("/index/go/example.org/alpha/@v/list", "v1.0.0\n")
put("/index/go/example.org/alpha/@v/v1.0.0.info", '{"Version": "v1.0.0"}')
put("/index/go/example.org/alpha/@v/v1.0.0.mod", "module example.org/alpha\n")
with zipfile.ZipFile("/index/go/example.org/alpha/@v/v1.0.0.zip", "w") as module:
    module.writestr("example.org/alpha@v1.0.0/go.mod", "module example.org/alpha\n")
    module.writestr("example.org/alpha@v1.0.0/alpha.go", "package alpha\n")
put("/w/go/go.mod", "module shop\n\ngo 1.20\n\nrequire example.org/alpha v1.0.0\n")
put("/w/go/shop.go", "package shop\n")
put("/w/build/go.mod", "module shop\n\ngo 1.20\n")
put("/w/build/shop.go", "package shop\n")

put("/w/poetry/pyproject.toml", '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["alpha"]\n[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "here"\nurl = "http://127.0.0.1:8000/"\npriority = "primary"\n')
