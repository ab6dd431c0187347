//! `TemplateService`: a table of contents. Each verb has the file of its name.

mod create_template;
mod delete_template;
mod get_template;
mod list_templates;
mod render_template;
mod update_template;
mod write;

use kit::caller;
use proto::incidents::v1::{
    CreateTemplateRequest, CreateTemplateResponse, DeleteTemplateRequest, DeleteTemplateResponse,
    GetTemplateRequest, GetTemplateResponse, ListTemplatesRequest, ListTemplatesResponse,
    RenderTemplateRequest, RenderTemplateResponse, UpdateTemplateRequest, UpdateTemplateResponse,
    template_service_server::TemplateService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl TemplateService for Rpc {
    async fn create_template(
        &self,
        request: Request<CreateTemplateRequest>,
    ) -> Result<Response<CreateTemplateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_template::create_template(self, &member, request).await?))
    }

    async fn update_template(
        &self,
        request: Request<UpdateTemplateRequest>,
    ) -> Result<Response<UpdateTemplateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_template::update_template(self, &member, request).await?))
    }

    async fn delete_template(
        &self,
        request: Request<DeleteTemplateRequest>,
    ) -> Result<Response<DeleteTemplateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_template::delete_template(self, &member, request).await?))
    }

    async fn get_template(
        &self,
        request: Request<GetTemplateRequest>,
    ) -> Result<Response<GetTemplateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_template::get_template(self, &member, request).await?))
    }

    async fn list_templates(
        &self,
        request: Request<ListTemplatesRequest>,
    ) -> Result<Response<ListTemplatesResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_templates::list_templates(self, &member, request).await?))
    }

    async fn render_template(
        &self,
        request: Request<RenderTemplateRequest>,
    ) -> Result<Response<RenderTemplateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(render_template::render_template(self, &member, request).await?))
    }
}
