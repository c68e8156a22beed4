//! Calls with the widest vector instructions that the processor has.

/// Runs an expression over borrowed values with the vector instructions of an architecture.
///
/// A closure given to `pulp::Arch::dispatch` is compiled without them unless it happens to be
/// inlined, which depends on how many architectures there are. What is called must be
/// `#[inline(always)]`, all the way down.
macro_rules! with_vectors {
    ($arch:expr, [$($name:ident: &$type:ty = $value:expr),+] -> $out:ty { $call:expr }) => {{
        struct Stage<'a> {
            $($name: &'a $type),+
        }
        impl pulp::WithSimd for Stage<'_> {
            type Output = $out;

            #[allow(
                clippy::inline_always,
                reason = "vector instructions reach only what is inlined into the dispatch"
            )]
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _: S) -> $out {
                let Self { $($name),+ } = self;
                $call
            }
        }
        $arch.dispatch(Stage { $($name: $value),+ })
    }};
}

pub(crate) use with_vectors;
