// One multiplication from codes to a signed product, alone, to be counted.
module multiply_codes #(
  parameter EXPONENT = 2,
  parameter FRACTION = 1,
  parameter BITS = 2 * FRACTION + (FRACTION != 0 ? 2 : 1) + (2 << EXPONENT) - 4
) (
  input  wire [EXPONENT+FRACTION:0] a, b,
  output wire negative,
  output wire [BITS:0] value
);
  wire negative_a, negative_b;
  wire [FRACTION:0] significand_a, significand_b;
  wire [EXPONENT-1:0] shift_a, shift_b;
  esb_decode #(.EXPONENT(EXPONENT), .FRACTION(FRACTION), .SIGNED(1)) decode_a (
    .code(a), .negative(negative_a), .significand(significand_a), .shift(shift_a));
  esb_decode #(.EXPONENT(EXPONENT), .FRACTION(FRACTION), .SIGNED(1)) decode_b (
    .code(b), .negative(negative_b), .significand(significand_b), .shift(shift_b));
  esb_multiply #(.EXPONENT_A(EXPONENT), .FRACTION_A(FRACTION), .EXPONENT_B(EXPONENT), .FRACTION_B(FRACTION)) multiply (
    .negative_a(negative_a), .significand_a(significand_a), .shift_a(shift_a), .negative_b(negative_b),
    .significand_b(significand_b), .shift_b(shift_b), .negative(negative), .value(value));
endmodule
