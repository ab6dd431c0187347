//! The conversation with servers and clients that we did not write: Debian's postfix and `OpenSMTPD`, started here, each
//! in namespaces of its own, where it finds its files where it wants them and from which nothing of it stays.
//!
//! Root and the right to mount are needed; without them each test says so and passes.

#[cfg(test)]
mod opensmtpd;
#[cfg(test)]
mod postfix;
#[cfg(test)]
mod running;
