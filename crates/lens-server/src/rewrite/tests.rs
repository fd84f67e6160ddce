use super::{find, replace, wish};
use crate::options::ServerLimits;

fn rewritten(body: &str) -> Result<String, String> {
    let parts = find(body, &ServerLimits::default()).map_err(|error| error.message)?;
    let texts: Vec<String> = (0..parts.len()).map(|index| format!("#{index}\"\n")).collect();
    replace(body, &parts, &texts).map_err(|error| error.message)
}

#[test]
fn every_other_byte_stays() {
    struct Case(&'static str, &'static str);
    let cases = [
        Case(r#" {"messages" :[ ] , "x":1e400} "#, r#" {"messages" :[ ] , "x":1e400} "#),
        Case(
            r#"{"messages":[{"content":[ {"type":"image_url","image_url":"data:;base64,QQ"} ,1]}],"z":1.50}"#,
            r##"{"messages":[{"content":[ {"type":"text","text":"#0\"\n"} ,1]}],"z":1.50}"##,
        ),
        Case(
            r#"{"lens":{},"messages":[{"content":[{"image_url":{"url":"data:;base64,QQ=="},"type":"input_image","k":[1, 2]}]}]}"#,
            r##"{"messages":[{"content":[{"type":"text","text":"#0\"\n","k":[1, 2]}]}]}"##,
        ),
        Case(
            r#"{"messages":[{"content":{"type":"image","source":{"data":"QQ=="}}},{"content":"data:image/png;base64,QQ=="}]}"#,
            r##"{"messages":[{"content":{"type":"text","text":"#0\"\n"}},{"content":"data:image/png;base64,QQ=="}]}"##,
        ),
        Case(
            r#"{"messages":[{"content":[{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"data":"QQ"}}]}}]}]}"#,
            r##"{"messages":[{"content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"#0\"\n"}]}}]}]}"##,
        ),
    ];
    for Case(body, expected) in cases {
        assert_eq!(rewritten(body).unwrap(), expected, "{body}");
    }
}

#[test]
fn what_two_parsers_could_read_differently_is_refused() {
    for body in [
        r#"{"messages":[],"messages":[{"content":[]}]}"#,
        r#"{"messages":[{"content":"a","content":[{"type":"image"}]}]}"#,
        r#"{"messages":[{"content":[{"type":"text","type":"image"}]}]}"#,
    ] {
        assert!(rewritten(body).unwrap_err().contains("twice"), "{body}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let mut body = r#"{"type":"image","source":{"data":"QQ"}}"#.to_owned();
    for _ in 0..8 {
        body = format!(r#"{{"type":"tool_result","content":[{body}]}}"#);
    }
    let told = rewritten(&format!(r#"{{"messages":[{{"content":[{body}]}}]}}"#)).unwrap_err();
    assert!(told.contains("nested too deeply"), "{told}");
}

#[test]
fn wishes_are_read_and_unknown_ones_refused() {
    assert_eq!(wish(r#"{"lens":{"tokens":9}}"#).unwrap().tokens, Some(9));
    assert!(wish("{}").unwrap().modules.is_none());
    assert!(wish(r#"{"lens":{"color":9}}"#).unwrap_err().message.contains("color"));
}
