//! The description as a page: nothing in it runs, and nothing comes from elsewhere.

use serde_json::Value;
use std::fmt::Write;

/// The page of a description.
pub(crate) fn page(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>LENS: routes</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\"><link rel=\"stylesheet\" href=\"/assets/docs.css\"></head>\n\
         <body><main><h1>LENS over HTTP</h1>\n<p>For programs: <a href=\"/openapi.json\">openapi.json</a>. \
         For people: <a href=\"/\">the page</a>.</p>\n",
    );
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            route(&mut html, document, (method, path), operation);
        }
    }
    html.push_str("<h2 id=\"schemas\">Forms</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        form(&mut html, name, schema);
    }
    html + "</main></body></html>\n"
}

// Writing to a string cannot fail.
fn route(html: &mut String, document: &Value, (method, path): (&str, &str), operation: &Value) {
    let title = format!("{} {}", method.to_uppercase(), escape(path));
    _ = writeln!(html, "<section><h2><code>{title}</code></h2>");
    for key in ["summary", "description"] {
        if let Some(text) = operation[key].as_str() {
            _ = writeln!(html, "<p>{}</p>", prose(text));
        }
    }
    for (kind, content) in members(&operation["requestBody"]["content"]) {
        _ = writeln!(html, "<p>Body, <code>{}</code>: {}</p>", escape(kind), type_of(&content["schema"]));
        if let Some(schema) = referred(document, &content["schema"]) {
            fields(html, schema);
        }
    }
    html.push_str("<dl>\n");
    for (status, response) in members(&operation["responses"]) {
        let told = prose(response["description"].as_str().unwrap_or_default());
        let schema = &response["content"]["application/json"]["schema"];
        let kind = if schema.is_null() { String::new() } else { format!(": {}", type_of(schema)) };
        _ = writeln!(html, "<dt>{}</dt><dd>{told}{kind}</dd>", escape(status));
    }
    html.push_str("</dl></section>\n");
}

fn form(html: &mut String, name: &str, schema: &Value) {
    let name = escape(name);
    let told = prose(schema["description"].as_str().unwrap_or_default());
    _ = writeln!(html, "<section id=\"{name}\"><h3>{name}</h3><p>{told}</p>");
    fields(html, schema);
    html.push_str("</section>\n");
}

fn fields(html: &mut String, schema: &Value) {
    let mut rows = members(&schema["properties"]).peekable();
    if rows.peek().is_none() {
        return;
    }
    html.push_str("<table><tr><th>field</th><th>type</th><th></th></tr>\n");
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in rows {
        let mark = if required.contains(&name) { "" } else { " <small>optional</small>" };
        let told = prose(field["description"].as_str().unwrap_or_default());
        let name = escape(name);
        _ = writeln!(
            html,
            "<tr><td><code>{name}</code>{mark}</td><td>{}</td><td>{told}</td></tr>",
            type_of(field)
        );
    }
    html.push_str("</table>\n");
}

/// The type in a few words, with a link to a form that has a name.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".to_owned(),
    }
}

fn referred<'a>(document: &'a Value, schema: &Value) -> Option<&'a Value> {
    document.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// Text with `code` marked.
fn prose(text: &str) -> String {
    let marked = |(index, piece): (usize, &str)| {
        if index % 2 == 1 { format!("<code>{}</code>", escape(piece)) } else { escape(piece) }
    };
    text.split('`').enumerate().map(marked).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::page;
    use serde_json::json;

    #[test]
    fn routes_and_forms_are_shown_and_nothing_is_markup_by_accident() {
        let document = json!({
            "paths": {"/v1/<x>": {"post": {
                "summary": "Takes `a` & b.",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}},
                "responses": {"200": {"description": "fine"}},
            }}},
            "components": {"schemas": {"In": {"required": ["a"], "properties": {
                "a": {"type": "array", "items": {"type": "string"}, "description": "<script>"},
                "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/In"}]},
            }}}},
        });
        let html = page(&document);
        for part in [
            "<code>POST /v1/&lt;x&gt;</code>",
            "Takes <code>a</code> &amp; b.",
            "<code>a</code></td><td>list of string</td><td>&lt;script&gt;",
            "<small>optional</small></td><td>null or <a href=\"#In\">In</a>",
            "<dt>200</dt><dd>fine</dd>",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script"));
    }
}
