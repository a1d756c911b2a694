/* wasm.c compiles for wasm32 only */
