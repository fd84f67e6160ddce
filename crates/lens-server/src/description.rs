//! The description of the routes: for programs at `/openapi.json`, for people at `/docs`.

mod html;

pub(crate) use html::page;

use lens::{Error, ErrorKind, Evidence, Result};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

/// Where OpenAPI keeps what is referred to.
const SCHEMAS: &str = "/components/schemas";

/// The routes with the form of the evidence as the library gives it.
///
/// # Errors
/// `Internal` when they have no form in JSON.
pub(crate) fn complete(routes: &OpenApi) -> Result<Value> {
    let broken = |error| Error::new(ErrorKind::Internal, "description of the routes").because(error);
    let mut document = serde_json::to_value(routes).map_err(broken)?;
    let schemas = document.pointer_mut(SCHEMAS).and_then(Value::as_object_mut);
    let schemas = schemas.ok_or_else(|| {
        Error::new(ErrorKind::Internal, "description of the routes").expected(SCHEMAS).found("none")
    })?;
    schemas.extend(evidence());
    Ok(document)
}

/// `Evidence` and all that it consists of.
fn evidence() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.into_generator();
    generator.subschema_for::<Evidence>();
    generator.take_definitions(true)
}
