//! Certificates for a server and its clients, made for one test.

use std::path::Path;
use std::process::Command;

/// Certificates of one authority: for a server at localhost in `folder`, for a client in `certs` there; in `others` a
/// client's that trusts another authority; in `authority` the authority's alone, and in `half` a client's without its key too.
pub fn certificates(folder: &Path) {
    let script = "
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=tests
        for who in server client; do
            openssl req -newkey rsa:2048 -nodes -keyout $who-key.pem -out $who.csr -subj /CN=$who
            echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >$who.ext
            openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $who.pem -days 2 -extfile $who.ext
        done
        mkdir certs others authority half
        cp ca.pem authority/; cp ca.pem client.pem half/
        mv half/client.pem half/cert.pem
        cp ca.pem certs/; cp client.pem certs/cert.pem; cp client-key.pem certs/key.pem
        cp certs/cert.pem certs/key.pem others/
        openssl req -x509 -newkey rsa:2048 -nodes -keyout other.pem -out others/ca.pem -days 2 -subj /CN=other
        chmod -R a+rX certs others authority half";
    let made = Command::new("sh").args(["-euc", script]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}
