//! Writing a model file of our own.

use ndarray::{ArrayView1, ArrayView2};
use prost::Message;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, tensor_proto, tensor_shape_proto, type_proto,
};

use super::file::LARGEST_FILE;
use super::{INPUT, Metadata, OUTPUT};

/// The ONNX version of the operators, and of the file's layout.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// Puts a graph together, node after node.
#[derive(Default)]
pub struct GraphBuilder {
    graph: GraphProto,
}

impl GraphBuilder {
    /// A constant matrix.
    pub fn matrix(&mut self, name: &str, values: ArrayView2<f32>) {
        let dims = vec![values.nrows() as i64, values.ncols() as i64];
        self.constant(name, dims, values.iter().copied().collect());
    }

    /// A constant vector.
    pub fn vector(&mut self, name: &str, values: ArrayView1<f32>) {
        self.constant(name, vec![values.len() as i64], values.to_vec());
    }

    /// A constant number.
    pub fn scalar(&mut self, name: &str, value: f32) {
        self.constant(name, vec![], vec![value]);
    }

    fn constant(&mut self, name: &str, dims: Vec<i64>, values: Vec<f32>) {
        self.graph.initializer.push(TensorProto {
            name: name.into(),
            dims,
            data_type: tensor_proto::DataType::Float as i32,
            raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            ..Default::default()
        });
    }

    /// A node with one output, which also names it.
    pub fn node(&mut self, operator: &str, inputs: &[&str], output: &str) {
        self.push(operator, inputs, output, vec![]);
    }

    /// Matrices side by side along the columns.
    pub fn concatenate(&mut self, inputs: &[&str], output: &str) {
        let axis = AttributeProto {
            name: "axis".into(),
            r#type: attribute_proto::AttributeType::Int as i32,
            i: 1,
            ..Default::default()
        };
        self.push("Concat", inputs, output, vec![axis]);
    }

    fn push(&mut self, operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|s| s.to_string()).collect(),
            output: vec![output.into()],
            name: output.into(),
            op_type: operator.into(),
            attribute,
            ..Default::default()
        });
    }

    /// The nodes of a graph behind these, if it begins with the same nodes and constants.
    pub(super) fn rest_of<'a>(&self, graph: &'a GraphProto) -> Option<&'a [NodeProto]> {
        let plain = graph.sparse_initializer.is_empty() && graph.quantization_annotation.is_empty();
        (plain && graph.initializer.starts_with(&self.graph.initializer))
            .then(|| graph.node.strip_prefix(&self.graph.node[..]))?
    }

    /// Whether a graph has the same nodes and constants, whatever else it says.
    pub(super) fn is_that_of(&self, graph: &GraphProto) -> bool {
        let plain = graph.sparse_initializer.is_empty() && graph.quantization_annotation.is_empty();
        plain && self.graph.node == graph.node && self.graph.initializer == graph.initializer
    }

    /// The model file's content: input [`INPUT`] `[N, n_features]`, output [`OUTPUT`] `[N, n_members]`.
    ///
    /// # Errors
    /// Metadata that contradict themselves, and what is wrong with them; more bytes than are read.
    pub fn finish(mut self, n_features: usize, n_members: usize, metadata: &Metadata) -> Result<Vec<u8>, String> {
        metadata.check()?;
        let value = serde_json::to_string(&metadata.clone().versioned())
            .map_err(|e| format!("the metadata cannot be written: {e}"))?;
        self.graph.name = "ionscape".into();
        self.graph.input = vec![matrix_of(INPUT, n_features)];
        self.graph.output = vec![matrix_of(OUTPUT, n_members)];
        let model = ModelProto {
            ir_version: IR_VERSION,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            producer_name: "ionscape".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(self.graph),
            metadata_props: vec![StringStringEntryProto { key: Metadata::KEY.into(), value }],
            ..Default::default()
        };
        let size = model.encoded_len() as u64;
        if size > LARGEST_FILE {
            return Err(format!(
                "it would have {size} bytes, and models of more than {LARGEST_FILE} are not read: take fewer features, units or members"
            ));
        }
        Ok(model.encode_to_vec())
    }
}

fn matrix_of(name: &str, width: usize) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dimension = |value| Dimension { value: Some(value), ..Default::default() };
    let dim = vec![dimension(Value::DimParam("N".into())), dimension(Value::DimValue(width as i64))];
    let tensor =
        type_proto::Tensor { elem_type: tensor_proto::DataType::Float as i32, shape: Some(TensorShapeProto { dim }) };
    let r#type = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    ValueInfoProto { name: name.into(), r#type: Some(r#type), ..Default::default() }
}
