//! Networks for a board: which one where none is named, and a word before training where one will not fit.

use crate::architecture::{Description, Network, thousands};
use crate::boards::{Room, rooms};
use crate::commands::summary::outline;
use crate::console::note;
use crate::data::Dataset;
use crate::error::Error;
use crate::quantize::Outline;
use crate::runtime::Runtime;

/// What a network takes in integers, of what a board has.
struct Need<'a> {
    outline: Outline,
    room: &'a Room,
}

impl<'a> Need<'a> {
    fn of(network: &Network, room: &'a Room, runtime: &Runtime) -> Result<Self, Error> {
        let outline = outline(network, runtime)?;
        Ok(Self { outline, room })
    }

    fn fits(&self) -> bool {
        self.room.fits(self.outline.flash, self.outline.arena)
    }

    fn text(&self) -> String {
        let of_both = |flash: usize, arena: usize| {
            format!(
                "{} bytes of flash and {} of RAM",
                thousands(flash),
                thousands(arena)
            )
        };
        let needed = of_both(self.outline.flash, self.outline.arena);
        let there = of_both(self.room.flash, self.room.arena);
        format!(
            "takes {needed} in integers, of {there} on {}",
            self.room.board
        )
    }
}

/// The network for pictures like these on a board: the usual one if it fits there, else the one of the most multiply-adds that
/// does.
pub fn choose(pictures: &Dataset, board: &str, runtime: &Runtime) -> Result<Description, Error> {
    let room = room(board);
    let (shape, classes) = (pictures.shape(), pictures.classes().to_vec());
    let usual = Description::for_pictures(shape);
    let mut others: Vec<(Description, Network)> = Description::all_for_pictures()
        .filter(|other| other.name() != usual.name())
        .filter_map(|other| Some((other.clone(), other.network(shape, classes.clone()).ok()?)))
        .collect();
    others.sort_by_key(|(_, network)| std::cmp::Reverse(network.multiply_adds()));
    let first = usual.network(shape, classes)?;
    let mut refused = Vec::new();
    for (description, network) in [(usual, first)].into_iter().chain(others) {
        let need = Need::of(&network, &room, runtime)?;
        let text = format!("{} {}", network.name, need.text());
        if need.fits() {
            let why = match refused.first() {
                None => "which is for pictures of this size and fits".to_owned(),
                Some(usual) => {
                    format!("the one with the most multiply-adds that fits, for {usual}")
                }
            };
            note(format_args!(
                "the network is {}, {why}: {text} (`--network` names another)",
                network.name
            ));
            return Ok(description);
        }
        refused.push(text);
    }
    Err(Error::NoNetwork {
        board: room.board,
        pictures: shape,
        // The last one is the smallest.
        found: refused.pop().unwrap_or_default(),
    })
}

/// Says so where a network will not fit on a board.
pub fn warn(network: &Network, board: &str, runtime: &Runtime) -> Result<(), Error> {
    let room = room(board);
    let need = Need::of(network, &room, runtime)?;
    if !need.fits() {
        let (name, text) = (&network.name, need.text());
        note(format_args!(
            "{name} will not fit on {board}: it {text}; without `--network` one is chosen that fits"
        ));
    }
    Ok(())
}

/// The room on a board of this name.
///
/// # Panics
///
/// Never: the command line takes no other names than those of boards.
fn room(board: &str) -> Room {
    let mut rooms = rooms().into_iter();
    rooms
        .find(|room| room.board == board)
        .expect("the command line takes names of boards only")
}
