#include "wasm_shim.h"
