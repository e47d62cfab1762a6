// LANES rows of dot products, which share the activations: a word of them and LANES words of weights in each cycle.
module product_array #(
  parameter LANES = 8,
  parameter WEIGHT_EXPONENT = 2,
  parameter WEIGHT_FRACTION = 1,
  parameter WEIGHT_SIGNED = 1,
  parameter ACTIVATION_EXPONENT = 2,
  parameter ACTIVATION_FRACTION = 1,
  parameter ACTIVATION_SIGNED = 0,
  parameter SUM_BITS = 24,
  parameter WEIGHT_BITS = WEIGHT_EXPONENT + WEIGHT_FRACTION + WEIGHT_SIGNED,
  parameter ACTIVATION_BITS = ACTIVATION_EXPONENT + ACTIVATION_FRACTION + ACTIVATION_SIGNED
) (
  input  wire clock,
  input  wire [LANES*LANES*WEIGHT_BITS-1:0] weights,    // Codes [row][lane], the first in the lowest bits.
  input  wire [LANES*ACTIVATION_BITS-1:0] activations,  // Codes [lane]
  input  wire add,                                      // As in dot_product.
  input  wire first,
  output wire [LANES*SUM_BITS-1:0] sums
);
  wire [LANES-1:0] negatives;
  wire [LANES*(ACTIVATION_FRACTION+1)-1:0] significands;
  wire [LANES*ACTIVATION_EXPONENT-1:0] shifts;

  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : lane
      esb_decode #(.EXPONENT(ACTIVATION_EXPONENT), .FRACTION(ACTIVATION_FRACTION), .SIGNED(ACTIVATION_SIGNED)) decode (
        .code(activations[i*ACTIVATION_BITS+:ACTIVATION_BITS]), .negative(negatives[i]),
        .significand(significands[i*(ACTIVATION_FRACTION+1)+:ACTIVATION_FRACTION+1]),
        .shift(shifts[i*ACTIVATION_EXPONENT+:ACTIVATION_EXPONENT]));
    end
    for (i = 0; i < LANES; i = i + 1) begin : row
      dot_product #(.LANES(LANES), .WEIGHT_EXPONENT(WEIGHT_EXPONENT), .WEIGHT_FRACTION(WEIGHT_FRACTION),
                    .WEIGHT_SIGNED(WEIGHT_SIGNED), .ACTIVATION_EXPONENT(ACTIVATION_EXPONENT),
                    .ACTIVATION_FRACTION(ACTIVATION_FRACTION), .SUM_BITS(SUM_BITS)) dot (
        .clock(clock), .weights(weights[i*LANES*WEIGHT_BITS+:LANES*WEIGHT_BITS]), .negatives(negatives),
        .significands(significands), .shifts(shifts), .add(add), .first(first), .sum(sums[i*SUM_BITS+:SUM_BITS]));
    end
  endgenerate
endmodule
