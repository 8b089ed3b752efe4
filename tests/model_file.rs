//! Model files: what loads, and what is refused with which words.

use ionscape::local::LocalModel;
use ionscape::model::{Card, Model, adopt};
use prost::Message;
use tract_onnx::pb::{ModelProto, StringStringEntryProto, tensor_proto, tensor_shape_proto, type_proto};

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx");

fn baseline() -> ModelProto {
    ModelProto::decode(&std::fs::read(BASELINE).unwrap()[..]).unwrap()
}

fn refusal(proto: &ModelProto) -> String {
    let bytes = proto.encode_to_vec();
    LocalModel::from_bytes("some.onnx", &bytes).err().expect("the file should be refused").to_string()
}

/// The baseline with its metadata changed as JSON.
fn with_metadata(change: impl FnOnce(&mut serde_json::Value)) -> ModelProto {
    let mut proto = baseline();
    let entry = proto.metadata_props.iter_mut().find(|p| p.key == "ionscape").unwrap();
    let mut value = serde_json::from_str(&entry.value).unwrap();
    change(&mut value);
    entry.value = value.to_string();
    proto
}

#[test]
fn the_baseline_loads_and_its_prediction_does_not_depend_on_the_batch() {
    let model = Model::load(BASELINE).unwrap();
    assert_eq!((model.n_features(), model.n_members()), (468, 5));
    let x = ndarray::Array2::from_shape_fn((300, 468), |(i, j)| ((i * 7 + j * 13) % 97) as f32 / 50.0);
    let together = model.predict(x.view()).unwrap();
    for i in [0, 1, 150, 299] {
        let alone = model.predict(x.slice(ndarray::s![i..=i, ..])).unwrap();
        for (a, b) in alone.iter().zip(together.row(i)) {
            // Sums of hundreds of float32 in another order; half of what LAMMPS's ranks may differ by.
            assert!((a - b).abs() <= 5e-6 * b.abs().max(1.0), "{a} {b}");
        }
    }
    assert_eq!(model.predict(ndarray::Array2::zeros((0, 468)).view()).unwrap().dim(), (0, 5));
}

#[test]
fn features_of_another_width_and_results_that_are_not_finite_are_refused() {
    let model = Model::load(BASELINE).unwrap();
    let message = model.predict(ndarray::Array2::zeros((2, 30)).view()).unwrap_err().to_string();
    assert!(message.contains("takes 468 features, not 30"), "{message}");
    let mut x = ndarray::Array2::zeros((3, 468));
    x[(1, 5)] = f32::NAN;
    let message = model.predict(x.view()).unwrap_err().to_string();
    assert!(message.contains("member 0 gives NaN for non-finite features"), "{message}");
}

#[test]
fn damaged_files_are_refused() {
    let bytes = std::fs::read(BASELINE).unwrap();
    for cut in [0, 1, 10, 1000, bytes.len() / 2, bytes.len() - 1] {
        let message = Model::from_bytes("some.onnx", &bytes[..cut]).err().expect("refused").to_string();
        assert!(message.starts_with("model some.onnx: it"), "{message}");
    }
    let message = Model::load("no/such.onnx").err().expect("refused").to_string();
    assert!(message.contains("no/such.onnx: "), "{message}");
}

#[test]
fn foreign_graphs_are_refused() {
    let mut proto = baseline();
    proto.metadata_props.clear();
    assert!(refusal(&proto).contains("carries no ionscape metadata; adopt a model made elsewhere"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().node[0].op_type = "Loop".into();
    assert!(refusal(&proto).contains("uses operator Loop, which models may not use"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().node[0].domain = "com.example".into();
    assert!(refusal(&proto).contains("uses operator com.example.Gemm"));

    let mut proto = baseline();
    let tensor = &mut proto.graph.as_mut().unwrap().initializer[0];
    tensor.data_location = Some(tensor_proto::DataLocation::External as i32);
    tensor.external_data.push(StringStringEntryProto { key: "location".into(), value: "../secret".into() });
    assert!(refusal(&proto).contains("lies in another file; export it with all data inside, from PyTorch with"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().initializer[0].dims = vec![i64::MAX, 2];
    assert!(refusal(&proto).contains("impossible dimensions"));

    let mut proto = baseline();
    let again = proto.graph.as_ref().unwrap().initializer[0].clone();
    proto.graph.as_mut().unwrap().initializer.push(again);
    assert!(refusal(&proto).contains("it has two constants called"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().input[0].name = "x".into();
    assert!(refusal(&proto).contains("its input is named 'x', and must be 'descriptor'"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().output.clear();
    assert!(refusal(&proto).contains("it has 0 outputs"));

    let mut proto = baseline();
    let shape = proto.graph.as_mut().unwrap().input[0].r#type.as_mut().unwrap();
    if let Some(type_proto::Value::TensorType(tensor)) = &mut shape.value {
        let dim = &mut tensor.shape.as_mut().unwrap().dim[0];
        dim.value = Some(tensor_shape_proto::dimension::Value::DimValue(16));
    }
    assert!(refusal(&proto).contains("fixed to 16 rows"));

    let mut proto = baseline();
    let shape = proto.graph.as_mut().unwrap().output[0].r#type.as_mut().unwrap();
    if let Some(type_proto::Value::TensorType(tensor)) = &mut shape.value {
        tensor.shape.as_mut().unwrap().dim.pop();
    }
    assert!(refusal(&proto).contains("is a vector (give it one column for each member"));

    let mut proto = baseline();
    proto.graph.as_mut().unwrap().initializer.iter_mut().filter(|t| !t.raw_data.is_empty()).for_each(|tensor| {
        tensor.raw_data = tensor
            .raw_data
            .chunks(4)
            .flat_map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())).to_le_bytes())
            .collect();
        tensor.data_type = tensor_proto::DataType::Double as i32;
    });
    assert!(refusal(&proto).contains("it has float64 weights: export it in float32"));

    // An input that promises another width than the weights have.
    let mut proto = baseline();
    let shape = proto.graph.as_mut().unwrap().input[0].r#type.as_mut().unwrap();
    if let Some(type_proto::Value::TensorType(tensor)) = &mut shape.value {
        let dim = &mut tensor.shape.as_mut().unwrap().dim[1];
        dim.value = Some(tensor_shape_proto::dimension::Value::DimValue(100));
    }
    let message = refusal(&proto);
    assert!(message.contains("and its graph takes") || message.contains("speaks of 468 features"), "{message}");
}

#[test]
fn metadata_that_make_no_sense_are_refused() {
    let message = |change: fn(&mut serde_json::Value)| refusal(&with_metadata(change));
    assert!(message(|m| m["version"] = 3.into()).contains("version 3, and this program reads versions 1 to 2"));
    assert!(message(|m| drop(m.as_object_mut().unwrap().remove("version"))).contains("no version"));
    assert!(message(|m| m["units"] = "si".into()).contains("its units are 'si'"));
    assert!(message(|m| m["species"] = serde_json::json!(["cation", "cation"])).contains("named twice"));
    assert!(message(|m| m["charges"] = serde_json::json!({"cation": 1.0})).contains("'anion' has no entry"));
    assert!(
        message(|m| m["charges"] = serde_json::json!({"cation": 0.0, "anion": 0.0})).contains("none of its species")
    );
    assert!(message(|m| m["charges"]["anion"] = 0.into()).contains("says version 1, and holds what came with 2"));
    let second = |change: fn(&mut serde_json::Value)| {
        refusal(&with_metadata(|m| {
            m["version"] = 2.into();
            change(m);
        }))
    };
    assert!(second(|m| m["charges"]["anion"] = 0.into()).contains("gives 1026 features and its graph takes 468"));
    assert!(message(|m| m["molecules"] = serde_json::json!(["water"])).contains("'water' is said to be a molecule"));
    assert!(second(|m| m["channels"] = "by-species".into()).contains("470 features (2 of them beside the power"));
    assert!(message(|m| m["conditions"] = serde_json::json!(["pressure"])).contains("incomplete"));
    assert!(message(|m| m["charges"]["water"] = 0.into()).contains("'water' has a charge"));
    assert!(message(|m| m["channels"] = "absolute".into()).contains("incomplete"));
    assert!(message(|m| m["descriptor"]["n_max"] = 5.into()).contains("gives 330 features and its graph takes 468"));
    assert!(message(|m| m["descriptor"]["convention"] = "quip".into()).contains("not one that this program knows"));
    assert!(message(|m| m["descriptor"]["convention"] = "compact".into()).contains("compact has no sigma"));
    assert!(message(|m| drop(m["descriptor"].as_object_mut().unwrap().remove("sigma"))).contains("needs sigma"));
    assert!(message(|m| m["surprise"] = 1.into()).contains("surprise"));
    assert!(message(|m| m["domain"]["low"] = serde_json::json!([1.0])).contains("domain is damaged"));
    let written = |change: fn(&mut StringStringEntryProto) -> Option<StringStringEntryProto>| {
        let mut proto = baseline();
        let entry = proto.metadata_props.iter_mut().find(|p| p.key == "ionscape").unwrap();
        let more = change(entry);
        proto.metadata_props.extend(more);
        refusal(&proto)
    };
    let twice = written(|entry| {
        entry.value = entry.value.replacen("\"cation\":1.0", "\"cation\":1.0,\"cation\":2.0", 1);
        None
    });
    assert!(twice.contains("its metadata is ambiguous: the key 'cation' stands twice"), "{twice}");
    assert!(written(|entry| Some(entry.clone())).contains("it carries ionscape metadata twice"));
}

#[test]
fn a_model_may_stand_on_the_compact_descriptor() {
    let compact = serde_json::json!({"convention": "compact", "cutoff": 4.5, "n_max": 6, "l_max": 5, "switching": 2.0});
    let proto = with_metadata(|m| m["descriptor"] = compact.clone());
    let local = LocalModel::from_bytes("compact.onnx", &proto.encode_to_vec()).unwrap();
    assert_eq!(local.descriptor().reach(), 4.5);
    assert_eq!(local.model().metadata().descriptor, compact);
}

/// A card for the baseline's graph with an input and an output of these names.
fn card(input: &str, output: &str) -> Card {
    let text = format!(
        "input = '{input}'\noutput = '{output}'\nunits = 'lj'\nspecies = ['cation', 'anion']\n\
         charges = {{ cation = 1.0, anion = -1.0 }}\nchannels = 'charge-symmetric'\n\
         [descriptor]\nconvention = 'dscribe-gto'\ncutoff = 5.0\nn_max = 6\nl_max = 5\nsigma = 0.5\n"
    );
    toml::from_str(&text).unwrap()
}

/// The baseline without metadata, with other names for its values.
fn renamed(names: &[[&str; 2]]) -> Vec<u8> {
    let mut proto = baseline();
    proto.metadata_props.clear();
    let graph = proto.graph.as_mut().unwrap();
    let of_nodes = graph.node.iter_mut().flat_map(|n| n.input.iter_mut().chain(&mut n.output));
    let ends = graph.input.iter_mut().chain(&mut graph.output).map(|value| &mut value.name);
    let constants = graph.initializer.iter_mut().map(|tensor| &mut tensor.name);
    for name in of_nodes.chain(ends).chain(constants) {
        if let Some([_, to]) = names.iter().find(|[from, _]| from == name) {
            *name = (*to).into();
        }
    }
    proto.encode_to_vec()
}

#[test]
fn a_card_adopts_a_graph_with_other_names() {
    let theirs = Model::load(BASELINE).unwrap();
    let x = ndarray::Array2::from_shape_fn((4, 468), |(i, j)| (i + j) as f32 / 100.0);
    let proto = baseline();
    let graph = proto.graph.as_ref().unwrap();
    let (constant, inner) = (graph.initializer[0].name.as_str(), graph.node[0].output[0].as_str());
    // Other names, each other's, and a graph in which other values have the names that they are to have.
    for (input, output, more) in [
        ("features", "y", vec![]),
        ("local_conductivity", "descriptor", vec![]),
        ("features", "y", vec![[constant, "descriptor"], [inner, "local_conductivity"]]),
    ] {
        let names = [vec![["descriptor", input], ["local_conductivity", output]], more].concat();
        let adopted = adopt("some.onnx".as_ref(), &renamed(&names), card(input, output), None).unwrap();
        let ours = Model::from_bytes("some.onnx", &adopted).unwrap();
        assert_eq!(ours.predict(x.view()).unwrap(), theirs.predict(x.view()).unwrap(), "{names:?}");
    }
    let bytes = renamed(&[["descriptor", "features"], ["local_conductivity", "y"]]);
    let message = adopt("some.onnx".as_ref(), &bytes, card("z", "y"), None).unwrap_err().to_string();
    assert!(message.contains("the card calls its input 'z', and the graph has features"), "{message}");
    let mut absurd = card("features", "y");
    absurd.descriptor["sigma"] = f64::NAN.into();
    let message = adopt("some.onnx".as_ref(), &bytes, absurd, None).unwrap_err().to_string();
    assert!(message.contains("the card's descriptor.sigma is no finite number"), "{message}");
}
