//! What a board says of itself and of its model.

use no_std_core::Model;
use no_std_core::format::{TensorRecord, stored_checksum};
use no_std_core::prepare::MAX_SIDE;
use protocol::{Description, Error, MAX_WIDTH, Reply, Room, Spec, Tensor};
use slots::{MappedFlash, Spare};

use super::Server;
use crate::board::{Board, Closed};
use crate::host::Stop;
use crate::model::{FORMS, KINDS, WINDOW};

impl<B: Board, F: MappedFlash> Server<'_, '_, B, F> {
    #[inline(never)] // What one request needs is not on the stack while another is fulfilled.
    pub(super) fn describe(&mut self, number: u8) -> Result<(), Closed> {
        let description = Description {
            board: B::NAME,
            checksum: stored_checksum(self.file).unwrap_or_default(),
            model: self.model.as_ref().map(spec).map_err(|&error| error),
            room: Room {
                arena: self.arena.len() as u32,
                slot: self.spare.as_ref().map_or(0, Spare::room),
                kinds: KINDS,
                forms: FORMS,
                window: WINDOW,
                width: MAX_WIDTH as u16,
                height: MAX_SIDE as u16,
            },
        };
        self.send(number, &Reply::Description(description))
    }

    pub(super) fn label(&mut self, number: u8, class: u16) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let label = model.label_bytes().nth(class.into());
        let label = label.ok_or(Error::Class)?;
        Ok(self.link.send(self.board, number, &Reply::Label(label))?)
    }
}

fn spec(model: &Model<'_>) -> Spec {
    Spec {
        input: tensor(&model.input()),
        preparation: model.preparation().to_bytes(),
        output: tensor(&model.output()),
        output_kind: model.output_kind() as u8,
        labels: model.label_bytes().next().is_some(),
    }
}

fn tensor(record: &TensorRecord) -> Tensor {
    Tensor {
        rows: record.shape.rows,
        columns: record.shape.columns,
        channels: record.shape.channels,
        zero_point: record.zero_point,
        scale: record.scale,
    }
}
