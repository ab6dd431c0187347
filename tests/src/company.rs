//! What people do, through the public API.

use kit::{
    caller::Member,
    ids::{MemberId, TenantId},
};
use proto::{
    common::v1::Role,
    tenants::v1::{CreatePageRequest, Session, SignUpRequest, account_service_client::AccountServiceClient},
};
use tonic::transport::Channel;

use crate::{Caller, Cluster, PageOf};

/// A company, by its owner.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// The owner's session.
    pub session: Session,
    /// The owner.
    pub owner: Member,
    /// The public API.
    pub channel: Channel,
}

impl Company {
    /// The password of every owner in the tests.
    pub const PASSWORD: &str = "correct horse battery staple";

    /// Signs a company up.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn sign_up(cluster: &Cluster, name: &str) -> Self {
        let channel = cluster.channel();
        let email = format!("owner-{}@example.com", uuid::Uuid::new_v4().simple());
        let request = SignUpRequest {
            company_name: name.to_owned(),
            email: email.clone(),
            password: Self::PASSWORD.to_owned(),
        };
        let reply = AccountServiceClient::new(channel.clone()).sign_up(request).await.expect("a sign-up");
        let reply = reply.into_inner();
        let (tenant, member) = (reply.tenant.expect("a tenant"), reply.member.expect("a member"));
        let owner = Member {
            tenant: tenant.tenant_id.parse().expect("a tenant's id"),
            member: member.member_id.parse().expect("a member's id"),
            role: Role::Owner,
        };
        Self { name: name.to_owned(), email, session: reply.session.expect("a session"), owner, channel }
    }

    /// Its tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.owner.tenant
    }

    /// The owner's access token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.session.access_token
    }

    /// The owner, calling.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::new(self.channel.clone(), self.token())
    }

    /// Somebody else of the company, with this role; written into the database, since nobody can be invited yet.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn given_member(&self, cluster: &Cluster, role: Role) -> Member {
        let member = MemberId::from_uuid(uuid::Uuid::now_v7());
        let mut database = cluster.database.connect().await;
        sqlx::query!(
            "insert into tenants.member (tenant_id, member_id, email, role, password_hash)
             values ($1, $2, $3, $4::text::tenants.role, '')",
            self.tenant().uuid(),
            member.uuid(),
            format!("{}@example.com", member.uuid().simple()),
            role.as_str_name().trim_start_matches("ROLE_").to_lowercase(),
        )
        .execute(&mut database)
        .await
        .expect("a member");
        Member { tenant: self.owner.tenant, member, role }
    }

    /// A page in English and UTC.
    pub async fn page(&self, slug: &str) -> PageOf {
        self.page_in(slug, "en", "UTC").await
    }

    /// A page in a language and a time zone.
    ///
    /// # Panics
    /// If the system refuses.
    pub async fn page_in(&self, slug: &str, locale: &str, time_zone: &str) -> PageOf {
        let request = CreatePageRequest {
            slug: slug.to_owned(),
            name: format!("{} status", self.name),
            locale: locale.to_owned(),
            time_zone: time_zone.to_owned(),
            ..Default::default()
        };
        let reply = self.caller().pages().create_page(request).await;
        let page = reply.expect("a page").into_inner().page.expect("a page");
        PageOf { company: self.clone(), page }
    }
}
