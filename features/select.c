/* Order statistics; see select.h. SPDX-License-Identifier: MIT */
#include "features/select.h"

static void swap(float *a, float *b)
{
    float x = *a;
    *a = *b;
    *b = x;
}

static void insertion_sort(float v[], size_t n)
{
    for (size_t i = 1; i < n; i++) {
        float x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

float select_middle(float a, float b, float c)
{
    float lo = a < b ? a : b, hi = a < b ? b : a;
    return c < lo ? lo : c > hi ? hi : c;
}

float select_kth(float v[], size_t n, size_t k)
{
    size_t lo = 0, hi = n; /* the k-th is in [lo, hi) */
    while (hi - lo > 12) {
        float pivot = select_middle(v[lo], v[lo + (hi - lo) / 2], v[hi - 1]);
        /* at least two elements are <= pivot and two >= pivot: neither scan leaves [lo, hi) */
        size_t i = lo, j = hi - 1;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap(&v[i++], &v[j--]);
        }
        /* now v[lo … i-1] <= pivot <= v[i … hi-1], and both parts are smaller than before */
        if (k < i)
            hi = i;
        else
            lo = i;
    }
    insertion_sort(v + lo, hi - lo);
    return v[k];
}

void select_middles(float v[], size_t n, float *lower, float *upper)
{
    *lower = *upper = select_kth(v, n, n / 2);
    if (n % 2)
        return;
    *lower = v[0];
    for (size_t i = 1; i < n / 2; i++)
        *lower = v[i] > *lower ? v[i] : *lower;
}

float select_median(float v[], size_t n)
{
    float lower, upper;
    select_middles(v, n, &lower, &upper);
    return n % 2 ? upper : 0.5F * (lower + upper);
}

float select_quantile(float v[], size_t n, double q)
{
    size_t k = (size_t)(q * (double)n);
    return select_kth(v, n, k < n ? k : n - 1);
}
