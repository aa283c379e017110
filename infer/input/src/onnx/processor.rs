//! What tract may use of a processor.

/// Keeps tract from the tiles of Intel's AMX for 8 bits. Its kernel for them (0.23.9) reads up to 960 bytes beyond the end of
/// matrices of fewer than 64 columns, which at times ends the program. To be called before tract is used for the first time; what
/// the environment variable `TRACT_CPU_ISA` says comes before it.
pub fn avoid_tiles() {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::Once;

        use tract_onnx::tract_core::knobs::set_config_global;

        static SET: Once = Once::new();
        SET.call_once(|| {
            // Another version of tract may have no such setting, and then no such kernel.
            let _ = set_config_global("TRACT_CPU_ISA", "-amx-int8");
        });
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use tract_onnx::tract_core::knobs;

    use super::super::{OnnxError, guarded};

    #[test]
    fn whatever_runs_tract_keeps_it_from_tiles() {
        guarded(|| Ok::<_, OnnxError>(())).unwrap();
        let knob = knobs::all()
            .into_iter()
            .find(|knob| knob.name == "TRACT_CPU_ISA");
        assert!((knob.unwrap().current)().contains("-amx-int8"));
    }
}
