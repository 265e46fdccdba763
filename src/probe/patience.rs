//! Asks the kernel about paths, any of which may lie on a file system that never answers.
//!
//! Nothing ends a call of the kernel that hangs. So it is made in a thread of its own, which is left behind when it takes too
//! long.
#![expect(clippy::disallowed_methods, reason = "patience is measured with the clock")]

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub use crate::project::files::{NO_ANSWER, TIME_IS_UP};

/// How long answers are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one.
    one: Duration,
    /// For all together that do not come.
    all: Duration,
}

/// So long is waited for any answer, even where patience is at its end: a thread that begins on a busy machine needs some.
const LEAST: Duration = Duration::from_millis(25);

/// Who has less patience than this from the beginning is late, and tells nothing of a file system: a machine can be busy that
/// long.
const ENOUGH: Duration = Duration::from_millis(100);

/// So many questions are left behind; whatever comes after them is not asked.
const MOST_LEFT_BEHIND: usize = 64;

impl Patience {
    /// A part of the time that is left.
    pub fn until(deadline: Instant) -> Self {
        let left = deadline.saturating_duration_since(Instant::now());
        Self { one: left.mul_f64(0.15), all: left.mul_f64(0.3) }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { one: Duration::from_secs(1), all: Duration::from_secs(3) }
    }
}

/// Asks each question, one after the other. For those that patience did not suffice for there is the reason.
pub fn each<Question, Answer>(
    questions: Vec<Question>,
    patience: Patience,
    ask: impl Fn(&Question) -> Answer + Send + Sync + 'static,
) -> Vec<Result<Answer, &'static str>>
where
    Question: Send + Sync + 'static,
    Answer: Send + 'static,
{
    let (questions, ask) = (Arc::new(questions), Arc::new(ask));
    let mut answers: Vec<Result<Answer, &'static str>> = vec![];
    let (mut left, mut left_behind) = (patience.all, 0);
    while answers.len() < questions.len() && left_behind < MOST_LEFT_BEHIND {
        let (sender, receiver) = channel();
        let (theirs, ask, asked) = (questions.clone(), ask.clone(), answers.len());
        let started = std::thread::Builder::new().name("paths".to_owned()).spawn(move || {
            for question in theirs.iter().skip(asked) {
                if sender.send(ask(question)).is_err() {
                    // Nobody waits any more.
                    return;
                }
            }
        });
        if started.is_err() {
            break;
        }
        while answers.len() < questions.len() {
            let wait = patience.one.min(left).max(LEAST);
            match receiver.recv_timeout(wait) {
                Ok(answer) => answers.push(Ok(answer)),
                Err(why) => {
                    let in_vain = why == RecvTimeoutError::Disconnected || patience.one >= ENOUGH;
                    answers.push(Err(if in_vain { NO_ANSWER } else { TIME_IS_UP }));
                    left_behind += 1;
                    if why == RecvTimeoutError::Timeout {
                        left = left.saturating_sub(wait);
                    }
                    break;
                }
            }
        }
    }
    answers.resize_with(questions.len(), || Err(TIME_IS_UP));
    answers
}

/// What `work` comes to; `None` when it is not done by `deadline`. A panic in it is one here.
pub fn by<Answer: Send + 'static>(deadline: Instant, work: impl FnOnce() -> Answer + Send + 'static) -> Option<Answer> {
    let (sender, receiver) = channel();
    let started = std::thread::Builder::new().name("work".to_owned()).spawn(move || {
        // Nobody waits any more where it took too long.
        _ = sender.send(work());
    });
    let thread = started.ok()?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(answer) => Some(answer),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Ok(()) => None,
            Err(panic) => resume_unwind(panic),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_keeps_nobody_else_waiting() {
        let patience = Patience { one: Duration::from_millis(500), all: Duration::from_millis(1500) };
        let begun = Instant::now();
        let answers = each(vec![1, 2, 3, 4, 5, 6], patience, |number: &u32| {
            if number.is_multiple_of(2) {
                std::thread::sleep(Duration::from_secs(60));
            }
            number * 10
        });
        assert_eq!(answers, [Ok(10), Err(NO_ANSWER), Ok(30), Err(NO_ANSWER), Ok(50), Err(NO_ANSWER)]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn no_more_is_left_behind_than_may_be_and_a_panic_is_no_answer() {
        let patience = Patience { one: Duration::from_millis(1), all: Duration::ZERO };
        let hanging = |_: &usize| std::thread::sleep(Duration::from_secs(60));
        assert_eq!(each((0..1000).collect(), patience, hanging), vec![Err(TIME_IS_UP); 1000], "nobody waited for it");
        let answers = each(vec![0, 1], Patience::default(), |number: &u32| {
            assert_ne!(*number, 0);
            *number
        });
        assert_eq!(answers, [Err(NO_ANSWER), Ok(1)]);
        assert_eq!(each(Vec::<u32>::new(), Patience::default(), |number| *number), []);
    }

    #[test]
    fn work_is_waited_for_until_its_deadline() {
        let in_a_moment = || Instant::now() + Duration::from_millis(50);
        assert_eq!(by(in_a_moment(), || 1), Some(1));
        assert_eq!(by(in_a_moment(), || std::thread::sleep(Duration::from_secs(60))), None);
    }
}
