//! `TemplateService.RenderTemplate`

use std::collections::HashMap;

use kit::{caller::Member, ids::TemplateId};
use proto::{
    Violation,
    incidents::v1::{Phase, RenderTemplateRequest, RenderTemplateResponse},
};

use crate::{
    domain::{PlaceholderValue, Unfit},
    error::Error,
    pages::Key,
    rpc::{Rpc, convert, read},
    store::templates,
};

pub(super) async fn render_template(
    rpc: &Rpc,
    member: &Member,
    request: RenderTemplateRequest,
) -> Result<RenderTemplateResponse, Error> {
    let template_id: TemplateId = convert::id("template_id", &request.template_id)?;
    let values =
        request.values.into_iter().map(|given| PlaceholderValue { name: given.name, value: given.value });
    let values = values.collect::<Vec<_>>();

    let tenant = member.tenant;
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let template = templates::find_template(&mut tx, tenant, template_id).await?.ok_or(Error::NotFound)?;
    let names =
        templates::list_component_names(&mut tx, tenant, template.page_id, &template.affected).await?;
    tx.commit().await?;
    let page = rpc.pages.find(Key::Id(template.page_id)).await?;

    let names = names.into_iter().collect::<HashMap<_, _>>();
    let on_page =
        template.affected.iter().filter_map(|it| Some((*it, names.get(&it.component_id)?.as_str())));
    let (affected, names): (Vec<_>, Vec<_>) = on_page.unzip();
    let rendered = template
        .render(&values, &page.name, &names.join(", "))
        .map_err(|unfit| Error::Invalid(unfit.iter().map(violation).collect()))?;
    Ok(RenderTemplateResponse {
        title: rendered.title,
        body: rendered.body,
        phase: template.phase.map_or(Phase::Unspecified, convert::phase).into(),
        affected_components: convert::affected(&affected),
    })
}

fn violation(unfit: &Unfit) -> Violation {
    let field = match unfit {
        Unfit::Repeated(index) | Unfit::Unknown(index) => format!("values[{index}].name"),
        Unfit::SeveralLines(index) => format!("values[{index}].value"),
        Unfit::Missing(_) | Unfit::LongTitle(_) | Unfit::LongBody(_) => "values".to_owned(),
    };
    Violation { field, description: unfit.to_string() }
}
