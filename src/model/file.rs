//! The model file: ONNX with metadata, read with distrust, and written.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tract_onnx::pb::{
    GraphProto, ModelProto, StringStringEntryProto, TensorProto, ValueInfoProto, attribute_proto, tensor_proto,
    tensor_shape_proto, type_proto,
};

use super::operators::OPERATORS;
use super::{Condition, Domain, INPUT, Metadata, OUTPUT};
use crate::species::{Channels, check_name};
use crate::{Error, Result};

/// Larger files are refused unread.
pub(super) const LARGEST_FILE: u64 = 256 << 20;

/// Wider inputs and outputs are refused.
const LARGEST_DIMENSION: i64 = 1 << 20;

/// The newest set of ONNX operators that was compared with the program that exported it.
const NEWEST_OPERATORS: i64 = 24;

/// Widths of a graph's input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub n_features: usize,
    pub n_members: usize,
}

/// The content of a model file of sensible size.
///
/// # Errors
/// A file that cannot be read, or of more than 256 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let io = |e| Error::io(path, e);
    let file = File::open(path).map_err(io)?;
    let refuse = |size: &str| {
        let message = format!("it has {size} bytes, and models of more than {LARGEST_FILE} are not read");
        Err(Error::Model { path: path.into(), message })
    };
    let size = file.metadata().map_err(io)?.len();
    if size > LARGEST_FILE {
        return refuse(&size.to_string());
    }
    // What is no plain file does not say how much it will give.
    let mut bytes = Vec::with_capacity(size as usize);
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return refuse("too many");
    }
    Ok(bytes)
}

/// Decodes ONNX and checks everything that can be checked without running it.
pub(super) fn decode(bytes: &[u8]) -> Result<ModelProto, String> {
    let proto = ModelProto::decode(bytes).map_err(|e| format!("it is not an ONNX file, or is damaged: {e}"))?;
    let graph = proto.graph.as_ref().ok_or("it is not an ONNX file, or is damaged: it has no graph")?;
    if !proto.functions.is_empty() {
        return Err("it defines functions of its own; export it without them".into());
    }
    let own = |domain: &str| matches!(domain, "" | "ai.onnx");
    if let Some(set) = proto.opset_import.iter().find(|set| own(&set.domain) && set.version > NEWEST_OPERATORS) {
        log::warn!(
            "the model's operators are of ONNX opset {}; up to {NEWEST_OPERATORS} is tested: export it with that, or compare \
             some predictions with the program that it comes from",
            set.version
        );
    }
    let mut names = HashSet::new();
    for tensor in &graph.initializer {
        check_tensor(tensor)?;
        if !names.insert(&tensor.name) {
            return Err(format!(
                "it has two constants called '{}', and programs differ in which they take",
                tensor.name
            ));
        }
    }
    if !graph.sparse_initializer.is_empty() {
        return Err("it has sparse initializers; export it with dense ones".into());
    }
    for node in &graph.node {
        if !own(&node.domain) || !OPERATORS.contains(&node.op_type.as_str()) {
            let operator = [node.domain.as_str(), node.op_type.as_str()].join(".");
            return Err(format!(
                "its node '{}' uses operator {}, which models may not use; they may use {}",
                node.name,
                operator.trim_start_matches('.'),
                OPERATORS.join(", ")
            ));
        }
        // The runtime runs it as in inference without a word.
        let training = node.attribute.iter().any(|attribute| attribute.name == "training_mode" && attribute.i != 0);
        if training {
            return Err(format!(
                "its node '{}' is a {} in training mode, whose value of a row depends on the other rows: export it in \
                 inference mode, from PyTorch after model.eval()",
                node.name, node.op_type
            ));
        }
        // The runtime takes it for 1 without a word.
        let alpha = node.attribute.iter().find(|attribute| attribute.name == "alpha");
        if matches!(node.op_type.as_str(), "Celu" | "Swish") && alpha.is_some_and(|alpha| alpha.f != 1.0) {
            return Err(format!(
                "its node '{}' is a {} of an alpha that is not 1; write it out",
                node.name, node.op_type
            ));
        }
        for attribute in &node.attribute {
            if let Some(tensor) = &attribute.t {
                check_tensor(tensor)?;
            }
            if attribute.r#type() == attribute_proto::AttributeType::Graph || attribute.g.is_some() {
                return Err(format!("its node '{}' holds a graph of its own", node.name));
            }
        }
    }
    Ok(proto)
}

fn check_tensor(tensor: &TensorProto) -> Result<(), String> {
    let external = tensor.data_location == Some(tensor_proto::DataLocation::External as i32);
    if external || !tensor.external_data.is_empty() {
        return Err(format!(
            "its tensor '{}' lies in another file; export it with all data inside, from PyTorch with \
             torch.onnx.export(..., external_data=False)",
            tensor.name
        ));
    }
    let elements = tensor.dims.iter().try_fold(1i64, |n, &d| n.checked_mul(d).filter(|&n| n >= 0 && d >= 0));
    match elements {
        Some(n) if n <= (LARGEST_FILE / 4) as i64 => Ok(()),
        _ => Err(format!("its tensor '{}' has impossible dimensions {:?}", tensor.name, tensor.dims)),
    }
}

/// The metadata of a decoded file.
pub(super) fn metadata(proto: &ModelProto) -> Result<Metadata, String> {
    let mut entries = proto.metadata_props.iter().filter(|p| p.key == Metadata::KEY);
    let entry = entries.next().ok_or(
        "it carries no ionscape metadata; adopt a model made elsewhere with \
         'ionscape import FILE.onnx --card card.toml -o model.onnx'",
    )?;
    if entries.next().is_some() {
        return Err("it carries ionscape metadata twice".into());
    }
    Metadata::from_json(&entry.value)
}

/// Checks the graph's input and output against the contract.
pub(super) fn signature(proto: &ModelProto) -> Result<Signature, String> {
    let graph = proto.graph.as_ref().ok_or("it has no graph")?;
    let inputs: Vec<_> = graph.input.iter().filter(|i| graph.initializer.iter().all(|t| t.name != i.name)).collect();
    let n_features = width("input", &inputs, INPUT)?;
    let n_members = width("output", &graph.output.iter().collect::<Vec<_>>(), OUTPUT)?;
    if !graph.node.iter().any(|node| node.output.iter().any(|name| name == OUTPUT)) {
        return Err(format!("no node computes its output '{OUTPUT}'"));
    }
    Ok(Signature { n_features, n_members })
}

fn width(what: &str, values: &[&ValueInfoProto], name: &str) -> Result<usize, String> {
    let [value] = values else {
        return Err(format!("it has {} {what}s, and a model has one, '{name}'", values.len()));
    };
    if value.name != name {
        return Err(format!("its {what} is named '{}', and must be '{name}'", value.name));
    }
    let wrong = |found: &str| format!("its {what} '{name}' is {found}, and must be float32 [N, width] with N symbolic");
    let Some(type_proto::Value::TensorType(tensor)) = value.r#type.as_ref().and_then(|t| t.value.as_ref()) else {
        return Err(wrong("no tensor"));
    };
    if tensor.elem_type != tensor_proto::DataType::Float as i32 {
        return Err(wrong("not float32"));
    }
    use tensor_shape_proto::dimension::Value::{DimParam, DimValue};
    let dims = tensor.shape.as_ref().map(|s| s.dim.iter().map(|d| d.value.clone()).collect::<Vec<_>>());
    match dims.as_deref() {
        Some([None | Some(DimParam(_)), Some(DimValue(width))]) if (1..=LARGEST_DIMENSION).contains(width) => {
            Ok(*width as usize)
        }
        Some([Some(DimValue(n)), _]) => Err(wrong(&format!(
            "fixed to {n} rows (export it with a dynamic first dimension, from PyTorch with torch.onnx.export(..., \
             dynamic_shapes=({{0: torch.export.Dim('N')}},)))"
        ))),
        Some([_]) => Err(wrong("a vector (give it one column for each member, as y.unsqueeze(1) does)")),
        _ => Err(wrong("of another shape")),
    }
}

/// The description of a model made elsewhere, as a person writes it in TOML.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Name of the graph's input; it is renamed to the contract's.
    #[serde(default = "default_input")]
    pub input: String,
    /// Name of the graph's output, likewise.
    #[serde(default = "default_output")]
    pub output: String,
    pub units: String,
    pub species: Vec<String>,
    pub charges: std::collections::BTreeMap<String, f64>,
    #[serde(default)]
    pub molecules: Vec<String>,
    pub channels: Channels,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    pub descriptor: Value,
    #[serde(default)]
    pub provenance: Map<String, Value>,
    #[serde(default)]
    pub validation: Map<String, Value>,
}

fn default_input() -> String {
    INPUT.into()
}

fn default_output() -> String {
    OUTPUT.into()
}

/// Turns a foreign ONNX file into a model file: renames input and output, and writes the card into the metadata.
///
/// # Errors
/// As [`super::Model::load`], for the file and for what the card says.
pub fn adopt(path: &Path, bytes: &[u8], card: Card, domain: Option<Domain>) -> Result<Vec<u8>> {
    let refuse = |message: String| Error::Model { path: path.into(), message };
    card.species.iter().try_for_each(|name| check_name(name)).map_err(refuse)?;
    // TOML has nan and inf, and JSON null in their place.
    if let Some((key, _)) = card.descriptor.as_object().into_iter().flatten().find(|(_, value)| value.is_null()) {
        return Err(refuse(format!("the card's descriptor.{key} is no finite number")));
    }
    let mut proto = decode(bytes).map_err(refuse)?;
    let graph = proto.graph.as_mut().ok_or_else(|| refuse("it has no graph".into()))?;
    for (what, name, values) in [("input", &card.input, &graph.input), ("output", &card.output, &graph.output)] {
        if !values.iter().any(|v| v.name == *name) {
            let there = values.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(refuse(format!(
                "the card calls its {what} '{name}', and the graph has {there}; write {what} = \"NAME\" in the card"
            )));
        }
    }
    rename(graph, [(&card.input, INPUT), (&card.output, OUTPUT)]);
    signature(&proto).map_err(refuse)?;
    let metadata = Metadata {
        version: Metadata::VERSION,
        units: card.units,
        species: card.species,
        charges: card.charges,
        molecules: card.molecules,
        channels: card.channels,
        conditions: card.conditions,
        descriptor: card.descriptor,
        domain,
        provenance: card.provenance,
        validation: card.validation,
    }
    .versioned();
    metadata.check().map_err(refuse)?;
    if let Err(why) = metadata.channels.check(&metadata.species()) {
        // A model made elsewhere may know what it does; what ionscape trains may not.
        log::warn!("{}: {why}; a model with channels = \"by-species\" tells them apart", path.display());
    }
    let value = serde_json::to_string(&metadata).map_err(|e| refuse(format!("its metadata cannot be written: {e}")))?;
    proto.metadata_props.retain(|p| p.key != Metadata::KEY);
    proto.metadata_props.push(StringStringEntryProto { key: Metadata::KEY.into(), value });
    Ok(proto.encode_to_vec())
}

/// Gives values of a graph other names, and those that have these names already names of their own.
fn rename(graph: &mut GraphProto, names: [(&str, &str); 2]) {
    let of_nodes = graph.node.iter_mut().flat_map(|n| n.input.iter_mut().chain(&mut n.output));
    let values = graph.input.iter_mut().chain(&mut graph.output).chain(&mut graph.value_info).map(|v| &mut v.name);
    let constants = graph.initializer.iter_mut().map(|tensor| &mut tensor.name);
    for name in of_nodes.chain(values).chain(constants) {
        if let Some((_, to)) = names.iter().find(|(from, _)| from == name) {
            *name = (*to).into();
        } else if names.iter().any(|(_, to)| to == name) {
            name.push_str("/within");
        }
    }
}
