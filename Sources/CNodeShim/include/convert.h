/* JavaScript values <-> the arguments of calls.h, through Node-API. The same row of the table serves the synchronous form
 * and the Promise form. */
#ifndef RV_CONVERT_H
#define RV_CONVERT_H

#if __has_include(<node_api.h>) || __has_include(<node/node_api.h>)
#define RV_HAS_NODE 1
#define NAPI_VERSION 9
#if __has_include(<node_api.h>)
#include <node_api.h>
#else
#include <node/node_api.h>
#endif
#include "calls.h"

napi_value rv_define_exports(napi_env env, napi_value exports, const rv_export *rows, size_t count);

#endif
#endif
