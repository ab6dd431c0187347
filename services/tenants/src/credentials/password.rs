//! Passwords: hashed with Argon2id (RFC 9106), a few at a time.
//!
//! A hash costs 19 MiB and tens of milliseconds of a core by design, so a flood of sign-ins must neither
//! take all memory nor make those who wait wait for ever.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version, password_hash};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinError,
};

/// So many calls wait for a core; the next one is refused at once.
const MAX_WAITING: usize = 64;

/// 19 MiB, 2 passes, 1 lane
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id>).
const PARAMS: Params = match Params::new(19_456, 2, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("the parameters are within Argon2's limits"),
};

/// Stands in for the hash of a member who is not there, so that verifying takes as long as for one who is.
/// Nobody knows a password for it, and a match would not count.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password as it was typed, wiped from memory when dropped.
#[derive(Debug)]
pub(crate) struct Password(SecretString);

impl From<String> for Password {
    fn from(typed: String) -> Self {
        Self(typed.into())
    }
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Too many wait.
    #[error("too many sign-ins at once; try again in a few seconds")]
    Overloaded,
    /// The hash cannot be made, or the kept one cannot be read.
    #[error("a password cannot be hashed")]
    Hash(#[from] password_hash::Error),
    /// The hashing was torn.
    #[error("hashing a password failed")]
    Torn(#[from] JoinError),
}

/// Hashes passwords, as many at a time as there are cores.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// Those who wait and those who are hashed.
    room: Arc<Semaphore>,
    /// Those who are hashed.
    cores: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(cores: usize) -> Self {
        Self { room: Arc::new(Semaphore::new(cores + MAX_WAITING)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// A new salt's hash of the password, as a PHC string.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.run(move || Ok(argon2().hash_password(password.0.expose_secret().as_bytes())?.to_string())).await
    }

    /// Whether the password is the one of the hash. Without a hash it is not, after the same time.
    pub(crate) async fn verify(
        &self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        self.run(move || {
            let kept = hash.as_deref().unwrap_or(NOBODY);
            match argon2().verify_password(password.0.expose_secret().as_bytes(), kept) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| PasswordError::Overloaded)?;
        // Never closed, so it fails never.
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| PasswordError::Overloaded)?;
        // The work goes on when its caller goes away, and keeps its permits until then.
        let permits: [OwnedSemaphorePermit; 2] = [room, core];
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permits);
            done
        })
        .await?
    }
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, PARAMS)
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHash;

    use super::*;

    fn password(typed: &str) -> Password {
        typed.to_owned().into()
    }

    #[tokio::test]
    async fn only_the_password_itself_is_the_one_of_its_hash() {
        let passwords = Passwords::new(2);
        let hash = passwords.hash(password("correct horse battery staple")).await.unwrap();
        assert!(
            passwords.verify(password("correct horse battery staple"), Some(hash.clone())).await.unwrap()
        );
        assert!(!passwords.verify(password("correct horse battery stapler"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(password("correct horse battery staple"), None).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_costs_what_a_member_costs() {
        let hash = Passwords::new(1).hash(password("correct horse battery staple")).await.unwrap();
        let (member, nobody) = (PasswordHash::new(&hash).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!((member.algorithm, member.version), (nobody.algorithm, nobody.version));
        assert_eq!(member.params, nobody.params);
        assert_eq!(member.salt.unwrap().as_ref().len(), nobody.salt.unwrap().as_ref().len());
        assert_eq!(member.hash.unwrap().len(), nobody.hash.unwrap().len());
    }

    #[tokio::test]
    async fn who_comes_when_64_wait_is_refused_at_once() {
        let passwords = Passwords::new(1);
        let core = Arc::clone(&passwords.cores).acquire_owned().await.unwrap();
        let _hashed = Arc::clone(&passwords.room).try_acquire_owned().unwrap();
        let _waiting = Arc::clone(&passwords.room).try_acquire_many_owned(64).unwrap();
        assert!(matches!(passwords.hash(password("x")).await, Err(PasswordError::Overloaded)));
        drop(core);
    }

    #[test]
    fn a_password_never_prints_itself() {
        assert!(!format!("{:?}", password("correct horse")).contains("horse"));
    }
}
