//! Serial lines of devices, at 115200 baud where the device has a speed at all.

mod cmsdk;
mod nrf;
mod ns16550;
mod pl011;
mod stm32;

pub use cmsdk::Cmsdk;
pub use nrf::Nrf;
pub use ns16550::Ns16550;
pub use pl011::Pl011;
pub use stm32::Stm32;
