//! A program on a terminal, with somebody who reads what it asks and presses keys.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A terminal of 80 columns that a program runs on.
pub struct Session {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    /// How much of what was shown was waited for already.
    read: usize,
}

/// What a program on a terminal came to.
pub struct Ended {
    /// Everything it showed, without carriage returns.
    pub shown: String,
    /// Its exit status; `None` after a signal.
    pub status: Option<i32>,
}

impl Session {
    /// Starts a program on a terminal of its own.
    pub fn start(mut command: Command) -> Self {
        let size = nix::pty::Winsize { ws_row: 40, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(Some(&size), None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        // Else this side would never see the end.
        drop((command, pty.slave));
        let keyboard = File::from(pty.master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose last program has ended answers with an error.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen: receiver, shown: String::new(), read: 0 }
    }

    /// Waits until these words are shown, after those that were waited for before, and presses keys.
    #[track_caller]
    pub fn answers(mut self, words: &str, keys: &str) -> Self {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(at) = self.shown[self.read..].find(words) {
                self.read += at + words.len();
                break;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes).replace('\r', "")),
                Err(_) => panic!("`{words}` was not shown:\n{}", self.shown),
            }
        }
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits for the end.
    pub fn ended(mut self) -> Ended {
        while let Ok(bytes) = self.screen.recv() {
            self.shown.push_str(&String::from_utf8_lossy(&bytes).replace('\r', ""));
        }
        let status = self.child.wait().unwrap().code();
        Ended { shown: self.shown, status }
    }
}
