//! In which form each place of a graph is computed, where there are several.
//!
//! Which one is the fastest depends on the processor, the runtime and the shapes, so that a graph may be built to find the
//! places out: it then says of each one what to try.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Graph, GraphError, Target, ValueId};
use crate::ops::Attributes;
use crate::tensor::TensorType;

/// The name of the form of each place, by what is computed there and on which shapes.
pub type Chosen = BTreeMap<String, String>;

/// The name of what a candidate computes.
const OUTPUT: &str = "output";

/// The forms of a graph: those that are usual on its target, but for places where others were chosen.
#[derive(Clone, Debug, Default)]
pub struct Forms {
    pub(super) target: Target,
    chosen: Rc<Chosen>,
    search: Option<Rc<RefCell<Search>>>,
}

/// What graphs have met.
#[derive(Debug, Default)]
struct Search {
    /// Places of which no form was chosen.
    open: Vec<Place>,
    /// The others with their forms.
    taken: Chosen,
}

/// A place in a graph, and the models that compute what is computed there.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    /// At least two, the usual one first.
    pub candidates: Vec<Candidate>,
}

/// What is computed at a place in one form, as an ONNX model.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub form: &'static str,
    pub onnx: Vec<u8>,
    pub inputs: Vec<(String, TensorType)>,
}

/// A way to compute something from inputs; `None` where it does not fit.
pub(crate) struct Form<'a> {
    name: &'static str,
    build: Box<Build<'a>>,
}

type Build<'a> = dyn Fn(&mut Graph, &[ValueId]) -> Result<Option<ValueId>, GraphError> + 'a;

impl<'a> Form<'a> {
    pub fn new(
        name: &'static str,
        build: impl Fn(&mut Graph, &[ValueId]) -> Result<Option<ValueId>, GraphError> + 'a,
    ) -> Self {
        Self {
            name,
            build: Box::new(build),
        }
    }
}

/// What is computed at a place.
pub(crate) struct Computed<'a> {
    pub what: &'a str,
    pub inputs: &'a [ValueId],
    pub attributes: &'a Attributes,
}

impl From<Target> for Forms {
    /// The usual ones.
    fn from(target: Target) -> Self {
        Self::new(target, Chosen::new())
    }
}

impl Forms {
    /// Those that were chosen, elsewhere the usual ones.
    pub fn new(target: Target, chosen: Chosen) -> Self {
        Self {
            target,
            chosen: Rc::new(chosen),
            search: None,
        }
    }

    /// The same, and graphs say what places they have: [`Forms::found`].
    pub fn in_search(target: Target, chosen: Chosen) -> Self {
        Self {
            search: Some(Rc::default()),
            ..Self::new(target, chosen)
        }
    }

    /// The places of all graphs so far with the forms that were chosen for them, and those of which none was chosen, each
    /// once: of these, places within a candidate come before the place that it is for, which is found by another search then.
    pub fn found(&self) -> (Chosen, Vec<Place>) {
        let search = self.search.as_ref().map(|search| search.take());
        let Search { open, taken } = search.unwrap_or_default();
        (taken, open)
    }
}

impl Graph {
    /// Adds what is computed at a place in the form that was chosen for it, else in the first one that fits, the usual one.
    pub(crate) fn in_one_of(
        &mut self,
        computed: &Computed,
        forms: &[Form],
    ) -> Result<ValueId, GraphError> {
        let place = self.place(computed);
        let chosen = self.forms.chosen.get(&place).cloned();
        if let Some(search) = self.forms.search.clone() {
            match &chosen {
                Some(form) => drop(search.borrow_mut().taken.insert(place, form.clone())),
                None => self.offer(&search, place, computed, forms)?,
            }
        }
        let is_chosen = |form: &&Form| chosen.as_deref() == Some(form.name);
        let ordered = forms.iter().find(is_chosen).into_iter().chain(forms);
        self.in_first_of(ordered, computed.what, computed.inputs)
    }

    /// Adds what is computed from inputs in the first form that fits.
    pub(super) fn in_first_of<'a>(
        &mut self,
        forms: impl IntoIterator<Item = &'a Form<'a>>,
        what: &str,
        inputs: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        for form in forms {
            if let Some(value) = (form.build)(self, inputs)? {
                return Ok(value);
            }
        }
        Err(GraphError::NoForm(what.into()))
    }

    fn place(&self, computed: &Computed) -> String {
        let shapes = computed.inputs.iter().map(|&input| self.shape(input));
        let shapes: Vec<String> = shapes.map(|shape| format!("{shape:?}")).collect();
        let (what, attributes) = (computed.what, computed.attributes);
        format!("{what} of {}, {attributes}", shapes.join(" "))
    }

    /// Says what there is to try at a place, if it has more than one form.
    fn offer(
        &self,
        search: &RefCell<Search>,
        name: String,
        computed: &Computed,
        forms: &[Form],
    ) -> Result<(), GraphError> {
        let open = || search.borrow().open.len();
        if search.borrow().open.iter().any(|place| place.name == name) {
            return Ok(());
        }
        let before = open();
        let mut candidates = Vec::new();
        for form in forms {
            candidates.extend(self.candidate(computed, form)?);
        }
        if candidates.len() > 1 && open() == before {
            search.borrow_mut().open.push(Place { name, candidates });
        }
        Ok(())
    }

    /// A graph of one form alone; a graph that is specialized already has candidates that stay as they are.
    fn candidate(&self, computed: &Computed, form: &Form) -> Result<Option<Candidate>, GraphError> {
        let mut graph = Self {
            forms: self.forms.clone(),
            is_specialized: self.is_specialized,
            ..Self::default()
        };
        let (mut values, mut inputs) = (Vec::new(), Vec::new());
        for (index, &input) in computed.inputs.iter().enumerate() {
            let (name, tensor_type) = (format!("input_{index}"), self.tensor_type(input).clone());
            values.push(graph.input(&name, tensor_type.clone())?);
            inputs.push((name, tensor_type));
        }
        let Some(output) = (form.build)(&mut graph, &values)? else {
            return Ok(None);
        };
        graph.output(OUTPUT, output)?;
        let graph = if self.is_specialized {
            graph
        } else {
            graph.specialized()?
        };
        Ok(Some(Candidate {
            form: form.name,
            onnx: graph.to_onnx(form.name, &[]),
            inputs,
        }))
    }
}
