// Multipliers of several codings side by side, for the test over all pairs of codes.
module multiplier_pair #(
  parameter EXPONENT_A = 2, FRACTION_A = 1, SIGNED_A = 1, EXPONENT_B = 2, FRACTION_B = 1, SIGNED_B = 1
) (
  // verilator lint_off UNUSED
  input  wire [7:0] a, b,
  // verilator lint_on UNUSED
  output wire [63:0] product
);
  localparam BITS = FRACTION_A + FRACTION_B + (FRACTION_A != 0 && FRACTION_B != 0 ? 2 : 1) + (1 << EXPONENT_A) +
                    (1 << EXPONENT_B) - 4;
  wire negative_a, negative_b, negative;
  wire [FRACTION_A:0] significand_a;
  wire [FRACTION_B:0] significand_b;
  wire [EXPONENT_A-1:0] shift_a;
  wire [EXPONENT_B-1:0] shift_b;
  wire [BITS:0] value;
  esb_decode #(.EXPONENT(EXPONENT_A), .FRACTION(FRACTION_A), .SIGNED(SIGNED_A)) decode_a (
    .code(a[EXPONENT_A+FRACTION_A+SIGNED_A-1:0]), .negative(negative_a), .significand(significand_a), .shift(shift_a));
  esb_decode #(.EXPONENT(EXPONENT_B), .FRACTION(FRACTION_B), .SIGNED(SIGNED_B)) decode_b (
    .code(b[EXPONENT_B+FRACTION_B+SIGNED_B-1:0]), .negative(negative_b), .significand(significand_b), .shift(shift_b));
  esb_multiply #(.EXPONENT_A(EXPONENT_A), .FRACTION_A(FRACTION_A), .EXPONENT_B(EXPONENT_B), .FRACTION_B(FRACTION_B)) multiply (
    .negative_a(negative_a), .significand_a(significand_a), .shift_a(shift_a), .negative_b(negative_b),
    .significand_b(significand_b), .shift_b(shift_b), .negative(negative), .value(value));
  assign product = {{(63 - BITS) {value[BITS]}}, value} + {63'd0, negative};
endmodule

// Pair i: codings (b, k) = (2,0) (3,0) (3,1) (4,0) (4,1) (4,2) (5,1) (5,2) (5,3) (6,2) (6,3) (8,5) times themselves, in this order;
// 12: (4,1) times unsigned numbers of e = 3, k = 1; 13: (6,1), of e = 4, times unsigned bits.
module multipliers (
  input  wire [7:0] a, b,
  output wire [14*64-1:0] products
);
  multiplier_pair #(1, 0, 1, 1, 0, 1) p0 (.a(a), .b(b), .product(products[0*64+:64]));
  multiplier_pair #(2, 0, 1, 2, 0, 1) p1 (.a(a), .b(b), .product(products[1*64+:64]));
  multiplier_pair #(1, 1, 1, 1, 1, 1) p2 (.a(a), .b(b), .product(products[2*64+:64]));
  multiplier_pair #(3, 0, 1, 3, 0, 1) p3 (.a(a), .b(b), .product(products[3*64+:64]));
  multiplier_pair #(2, 1, 1, 2, 1, 1) p4 (.a(a), .b(b), .product(products[4*64+:64]));
  multiplier_pair #(1, 2, 1, 1, 2, 1) p5 (.a(a), .b(b), .product(products[5*64+:64]));
  multiplier_pair #(3, 1, 1, 3, 1, 1) p6 (.a(a), .b(b), .product(products[6*64+:64]));
  multiplier_pair #(2, 2, 1, 2, 2, 1) p7 (.a(a), .b(b), .product(products[7*64+:64]));
  multiplier_pair #(1, 3, 1, 1, 3, 1) p8 (.a(a), .b(b), .product(products[8*64+:64]));
  multiplier_pair #(3, 2, 1, 3, 2, 1) p9 (.a(a), .b(b), .product(products[9*64+:64]));
  multiplier_pair #(2, 3, 1, 2, 3, 1) p10 (.a(a), .b(b), .product(products[10*64+:64]));
  multiplier_pair #(2, 5, 1, 2, 5, 1) p11 (.a(a), .b(b), .product(products[11*64+:64]));
  multiplier_pair #(2, 1, 1, 3, 1, 0) p12 (.a(a), .b(b), .product(products[12*64+:64]));
  multiplier_pair #(4, 1, 1, 1, 0, 0) p13 (.a(a), .b(b), .product(products[13*64+:64]));
endmodule
