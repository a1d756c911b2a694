/* Header-only for now. */ typedef int rv_support;
