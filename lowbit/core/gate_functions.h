#ifndef LOWBIT_CORE_GATE_FUNCTIONS_H_
#define LOWBIT_CORE_GATE_FUNCTIONS_H_

// The functions of recurrent cells in float32, specified to the last bit, so that every executor that follows them step
// by step gets the same numbers. (The C library's differ between versions and processors.)
//
// With every operation rounded to float32 on its own, and x at most 0:
//
//   e(x):     t = max(x, -87) * log2(e);  n = (t + 1.5 * 2^23) - 1.5 * 2^23, the nearest integer
//             r = (x - n * ln2_high) - n * ln2_low
//             p = the Taylor polynomial of degree 7 of exp(r), by Horner's rule;  e = p * 2^n, exact
//   Sigmoid:  e = e(-|x|);      (x < 0 ? e : 1) / (1 + e)
//   Tanh:     e = e(-2 |x|);    (1 - e) / (1 + e) with the sign of x
//
// A NaN gives a NaN.
//
// Error: |r| <= 0.3467, where the polynomial's remainder is below 2^-27 of exp(r); the roundings of r and of Horner's last two
// steps add less than 3 * 2^-24, all others together less than 2^-25: e is within 4 * 2^-24 of exp(x), relatively. In Sigmoid
// that counts a quarter and in Tanh a half at most, and three roundings follow: both are within kGateFunctionError.

namespace lowbit {

inline constexpr double kGateFunctionError = 1.0 / (1 << 21);

float GateSigmoid(float x);
float GateTanh(float x);

namespace gates {

// The numbers of the specification.
inline constexpr float kLowest = -87.0f;
inline constexpr float kLog2E = 1.44269504f;
inline constexpr float kRound = 12582912.0f;       // 1.5 * 2^23: the sum's lowest bits are the integer.
inline constexpr float kLn2High = 0.693359375f;    // Nine bits, so that n * kLn2High is exact.
inline constexpr float kLn2Low = -2.12194440e-4f;  // ln 2 - kLn2High
inline constexpr float kTaylor[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};

}  // namespace gates
}  // namespace lowbit

#endif  // LOWBIT_CORE_GATE_FUNCTIONS_H_
