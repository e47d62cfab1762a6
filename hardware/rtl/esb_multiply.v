// The product of two decoded numbers: significands multiplied by shifted additions, one for each bit of the first; exponents added; one
// shift. The result is value + negative, value being the magnitude's bits, inverted if the product is negative: whoever adds products
// has a carry to spare for each. Combinational, in gates; no carry chains and no DSP blocks.
module esb_multiply #(
  parameter EXPONENT_A = 2,
  parameter FRACTION_A = 1,
  parameter EXPONENT_B = 2,
  parameter FRACTION_B = 1,
  // The magnitude's bits: of the significands' product, where a factor of one bit adds none, and both largest shifts.
  parameter BITS = FRACTION_A + FRACTION_B + (FRACTION_A != 0 && FRACTION_B != 0 ? 2 : 1) +
                   (1 << EXPONENT_A) + (1 << EXPONENT_B) - 4
) (
  input  wire negative_a,
  input  wire [FRACTION_A:0] significand_a,
  input  wire [EXPONENT_A-1:0] shift_a,
  input  wire negative_b,
  input  wire [FRACTION_B:0] significand_b,
  input  wire [EXPONENT_B-1:0] shift_b,
  output wire negative,
  output wire [BITS:0] value
);
  localparam SHIFTS = (1 << EXPONENT_A) + (1 << EXPONENT_B) - 4;  // The largest.
  localparam SIGNIFICANT = BITS - SHIFTS;
  localparam WIDE = EXPONENT_A > EXPONENT_B ? EXPONENT_A : EXPONENT_B;

  wire [FRACTION_A+FRACTION_B+1:0] significand;  // Its highest bit is 0 if a factor has one bit.
  wire [WIDE:0] shift;
  add_shifted #(.BITS_A(FRACTION_A + 1), .BITS_B(FRACTION_B + 1)) multiply (
    .a(significand_a), .b(significand_b), .product(significand));
  add_small #(.BITS_A(EXPONENT_A), .BITS_B(EXPONENT_B), .BITS(WIDE)) add (.a(shift_a), .b(shift_b), .sum(shift));

  wire [BITS:0] magnitude = {{(SHIFTS + 1) {1'b0}}, significand[SIGNIFICANT-1:0]} << shift;
  assign negative = negative_a ^ negative_b;
  assign value = magnitude ^ {(BITS + 1) {negative}};

  generate
    if (SIGNIFICANT < FRACTION_A + FRACTION_B + 2) begin : one_bit
      wire unused = &{1'b0, significand[FRACTION_A+FRACTION_B+1:SIGNIFICANT]};
    end
  endgenerate
endmodule
