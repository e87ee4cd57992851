/* A stack of dense layers with all its parameters in one array; forward, backward, Adam. Runs on oneDNN,
 * and goes on in plain C, with one warning, where oneDNN refuses (a service that may not generate code).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_NET_H
#define PSM_DETECTORS_NET_NET_H

#include "detectors/net/dense.h"

#include <stddef.h>

struct net;

/* sizes[layers + 1]: inputs, widths of the layers; every layer but the last is tanh. Parameters are 0. */
struct net *net_new(const size_t sizes[], size_t layers, const struct dense_ops *ops);
void net_free(struct net *n);

/* Parameters: per layer w (out,in), then b (out). Borrowed, writable. */
float *net_parameters(struct net *n);
size_t net_parameter_count(const struct net *n);

/* Widths again: sizes[net_layers + 1]. */
size_t net_layers(const struct net *n);
const size_t *net_sizes(const struct net *n);

/* Output (rows, last size) of x (rows, sizes[0]); borrowed until the next call. x must stay until
 * net_backward. Allocates only for more rows than ever before. */
const float *net_forward(struct net *n, size_t rows, const float *x);

/* After net_forward of the same rows: gradient[net_parameter_count] of the loss, from that to the output,
 * (rows, last size), written by the caller into net_output_gradient() first. */
float *net_output_gradient(struct net *n);
void net_backward(struct net *n, float *gradient);

/* The implementation in use: "oneDNN" or "plain C". */
const char *net_engine(const struct net *n);

/* Adam with decoupled weight decay (Kingma & Ba 2015, alg. 1; Loshchilov & Hutter 2019, alg. 2).
 * moments[2 * n], zero at first; step counts from 1. */
void net_adam(float *parameters, const float *gradient, float *moments, size_t n, long step, double rate,
              double weight_decay);

#endif
