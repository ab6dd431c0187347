//! `SendingDomainService`: a table of contents.

mod get_sending_domain;
mod remove_sending_domain;
mod set_sending_domain;
mod verify_sending_domain;

use kit::{caller, ids::TenantId, time::to_wire};
use proto::notifications::v1::{
    self as wire, GetSendingDomainRequest, GetSendingDomainResponse, RemoveSendingDomainRequest,
    RemoveSendingDomainResponse, SetSendingDomainRequest, SetSendingDomainResponse,
    VerifySendingDomainRequest, VerifySendingDomainResponse,
    sending_domain_service_server::SendingDomainService,
};
use tonic::{Request, Response, Status};

use crate::{domain::SendingDomain, sending_domains::SendingDomains};

#[tonic::async_trait]
impl SendingDomainService for SendingDomains {
    async fn get_sending_domain(
        &self,
        request: Request<GetSendingDomainRequest>,
    ) -> Result<Response<GetSendingDomainResponse>, Status> {
        let (member, _) = caller::member(request)?;
        Ok(Response::new(get_sending_domain::get_sending_domain(self, member).await?))
    }

    async fn set_sending_domain(
        &self,
        request: Request<SetSendingDomainRequest>,
    ) -> Result<Response<SetSendingDomainResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(set_sending_domain::set_sending_domain(self, member, request).await?))
    }

    async fn verify_sending_domain(
        &self,
        request: Request<VerifySendingDomainRequest>,
    ) -> Result<Response<VerifySendingDomainResponse>, Status> {
        let (member, _) = caller::member(request)?;
        Ok(Response::new(verify_sending_domain::verify_sending_domain(self, member).await?))
    }

    async fn remove_sending_domain(
        &self,
        request: Request<RemoveSendingDomainRequest>,
    ) -> Result<Response<RemoveSendingDomainResponse>, Status> {
        let (member, _) = caller::member(request)?;
        Ok(Response::new(remove_sending_domain::remove_sending_domain(self, member).await?))
    }
}

impl SendingDomains {
    /// The domain as it is told, with what must stand in its DNS.
    fn told(&self, tenant: TenantId, domain: &SendingDomain) -> wire::SendingDomain {
        let records = self.records(tenant, domain).into_iter().zip(domain.found);
        wire::SendingDomain {
            domain: domain.domain.clone(),
            from_local_part: domain.from_local_part.clone(),
            reply_to: domain.reply_to.clone(),
            records: records
                .map(|(record, found)| wire::DnsRecord {
                    name: record.name,
                    r#type: "TXT".to_owned(),
                    value: record.value,
                    found,
                })
                .collect(),
            verified_at: domain.verified_at.map(to_wire),
            checked_at: domain.checked_at.map(to_wire),
            created_at: Some(to_wire(domain.created_at)),
        }
    }
}
