//! A socket that passes everything on to another one and keeps the request lines, to prove what was asked.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// A socket of its own in a folder of its own, both gone when it is dropped.
pub struct Proxy {
    folder: tempfile::TempDir,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Listens, and passes on to `target`.
    pub fn start(target: &Path) -> Self {
        let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o666)).unwrap();
        let requests = Arc::new(Mutex::new(vec![]));
        let (target, seen) = (target.to_owned(), requests.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (target, seen) = (target.clone(), seen.clone());
                thread::spawn(move || pass(client, &target, &seen));
            }
        });
        Self { folder, requests }
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// The same as `DOCKER_HOST` wants it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The request lines so far, such as `GET /v1.41/info HTTP/1.1`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn pass(mut client: UnixStream, target: &Path, seen: &Mutex<Vec<String>>) {
    let Ok(mut engine) = UnixStream::connect(target) else { return };
    let (mut from_engine, mut to_client) = (engine.try_clone().unwrap(), client.try_clone().unwrap());
    let back = thread::spawn(move || {
        _ = std::io::copy(&mut from_engine, &mut to_client);
        _ = to_client.shutdown(std::net::Shutdown::Both);
    });
    let mut line = vec![];
    let mut piece = [0; 65536];
    while let Ok(read @ 1..) = client.read(&mut piece) {
        for byte in &piece[..read] {
            match byte {
                b'\n' => {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    if text.ends_with(" HTTP/1.1") {
                        seen.lock().unwrap().push(text);
                    }
                    line.clear();
                }
                // Bodies may be long and without line ends.
                byte if line.len() < 4096 => line.push(*byte),
                _ => {}
            }
        }
        if engine.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    _ = engine.shutdown(std::net::Shutdown::Write);
    _ = back.join();
}
