//! Configurations that would change the result in a way that is not implemented are refused, by file and field.

use lens_nn::{
    ErrorKind, Result,
    backend::cpu::{Cpu, CpuOptions},
    blip::Blip,
    clip::Clip,
    t5::T5,
    weights::Checkpoint,
};
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum Family {
    Clip,
    OpenClip,
    Blip,
    T5,
}

/// A safetensors file without tensors, or with the one that shows open_clip's naming.
const EMPTY: &[u8] = b"\x02\0\0\0\0\0\0\0{}";
const OPEN_CLIP: &[u8] =
    b"\x4a\0\0\0\0\0\0\0{\"visual.conv1.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  \0\0\0\0";

fn load(family: Family, config: &'static str) -> Result<()> {
    let backend = Arc::new(Cpu::new(CpuOptions { threads: 1, ..CpuOptions::default() }));
    let (file, weights) = match family {
        Family::OpenClip => ("open_clip_config.json", OPEN_CLIP),
        _ => ("config.json", EMPTY),
    };
    let checkpoint =
        Checkpoint::embedded("test", &[(file, config.as_bytes()), ("model.safetensors", weights)])?;
    match family {
        Family::Clip | Family::OpenClip => Clip::load(&checkpoint, backend).map(drop),
        Family::Blip => Blip::load(&checkpoint, backend).map(drop),
        Family::T5 => T5::load(&checkpoint, backend).map(drop),
    }
}

#[test]
fn fields_are_named() {
    struct Case(Family, &'static str, &'static str);
    let cases = [
        Case(Family::Clip, r#"{"text_config": {"hidden_act": "mish"}}"#, "text_config.hidden_act"),
        Case(Family::Clip, r#"{"vision_config": {"hidden_act": "gelu_fast"}}"#, "vision_config.hidden_act"),
        Case(Family::Clip, r#"{"vision_config": {"num_channels": 4}}"#, "vision_config.num_channels"),
        Case(Family::Clip, r#"{"model_type": "siglip"}"#, "model_type"),
        Case(
            Family::Clip,
            r#"{"text_config": {"hidden_size": 100, "num_attention_heads": 8}}"#,
            "text_config",
        ),
        Case(Family::Clip, r#"{"vision_config": {"patch_size": 0}}"#, "patch_size"),
        Case(Family::Clip, r#"{"vision_config": {"hidden_size": 18446744073709551615}}"#, "vision_config"),
        Case(
            Family::OpenClip,
            r#"{"model_cfg": {"embed_dim": 8, "vision_cfg": {"image_size": 8, "patch_size": 4, "width": 64, "layers": 1,
                "timm_model_name": "vit_base"}, "text_cfg": {"context_length": 8, "vocab_size": 8, "width": 8, "heads": 1,
                "layers": 1}}}"#,
            "model_cfg.vision_cfg.timm_model_name",
        ),
        Case(
            Family::OpenClip,
            r#"{"model_cfg": {"embed_dim": 8, "vision_cfg": {"image_size": 8, "patch_size": 4, "width": 64, "layers": 1},
                "text_cfg": {"context_length": 8, "vocab_size": 8, "width": 8, "heads": 1, "layers": 1,
                "hf_model_name": "xlm-roberta"}}}"#,
            "model_cfg.text_cfg.hf_model_name",
        ),
        Case(
            Family::Blip,
            r#"{"text_config": {"position_embedding_type": "relative_key"}}"#,
            "position_embedding_type",
        ),
        Case(Family::Blip, r#"{"text_config": {"hidden_act": "mish"}}"#, "text_config.hidden_act"),
        Case(Family::Blip, r#"{"model_type": "blip-2"}"#, "model_type"),
        Case(Family::T5, r#"{"feed_forward_proj": "gated-mish"}"#, "feed_forward_proj"),
        Case(Family::T5, r#"{"model_type": "mt5"}"#, "model_type"),
        Case(Family::T5, r#"{"relative_attention_num_buckets": 3}"#, "buckets"),
        Case(Family::T5, r#"{"d_model": 0}"#, "sizes"),
    ];
    for Case(family, config, field) in cases {
        let error = load(family, config).expect_err(config);
        assert_eq!(error.kind(), ErrorKind::Config, "{family:?} {config}: {error}");
        assert!(error.to_string().contains(field), "{error} does not name {field}");
    }
}

#[test]
fn dead_keys_are_not_refused() {
    let config = r#"{"model_type": "t5", "use_cache": true, "dropout_rate": 0.1, "n_positions": 512, "task_specific_params": {}}"#;
    let error = load(Family::T5, config).expect_err("there are no tensors");
    assert_eq!(error.kind(), ErrorKind::Weights, "{error}");
}
