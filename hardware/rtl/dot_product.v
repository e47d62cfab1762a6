// One row of the array: LANES products of weights and activations, a tree of adders with a register after each level, and an
// accumulator. `first` and `add` belong to the tree's sum, ceil(log2 LANES) + 1 cycles after its codes; the new sum is there a cycle later.
module dot_product #(
  parameter LANES = 8,
  parameter WEIGHT_EXPONENT = 2,
  parameter WEIGHT_FRACTION = 1,
  parameter WEIGHT_SIGNED = 1,
  parameter ACTIVATION_EXPONENT = 2,
  parameter ACTIVATION_FRACTION = 1,
  parameter SUM_BITS = 24,
  parameter WEIGHT_BITS = WEIGHT_EXPONENT + WEIGHT_FRACTION + WEIGHT_SIGNED
) (
  input  wire clock,
  input  wire [LANES*WEIGHT_BITS-1:0] weights,  // Codes; lane 0 in the lowest bits.
  // Decoded: they are the same for all rows.
  input  wire [LANES-1:0] negatives,
  input  wire [LANES*(ACTIVATION_FRACTION+1)-1:0] significands,
  input  wire [LANES*ACTIVATION_EXPONENT-1:0] shifts,
  input  wire add,    // Accumulate this sum ...
  input  wire first,  // ... to 0.
  output reg  [SUM_BITS-1:0] sum
);
  localparam LEVELS = $clog2(LANES);
  localparam PRODUCT_BITS = WEIGHT_FRACTION + ACTIVATION_FRACTION +
                            (WEIGHT_FRACTION != 0 && ACTIVATION_FRACTION != 0 ? 2 : 1) +
                            (1 << WEIGHT_EXPONENT) + (1 << ACTIVATION_EXPONENT) - 4;
  localparam TREE_BITS = PRODUCT_BITS + 1 + LEVELS;

  // A node stands for value + carry. An adder takes the carry of one side along, and hands on that of the other: the products' are used
  // up by the adders of the tree and the accumulator.
  genvar l, i;
  generate
    for (l = 0; l <= LEVELS; l = l + 1) begin : level
      for (i = 0; i < (1 << (LEVELS - l)); i = i + 1) begin : node
        localparam BITS = PRODUCT_BITS + 1 + l;
        // verilator lint_off UNUSED
        reg [BITS-1:0] value;  // SUM_BITS may be fewer.
        // verilator lint_on UNUSED
        reg carry;
        if (l > 0) begin : adder
          wire [BITS-2:0] a = level[l-1].node[2*i].value;
          wire [BITS-2:0] b = level[l-1].node[2*i+1].value;
          // verilator lint_off UNUSED
          wire [BITS:0] total = {a[BITS-2], a, 1'b1} + {b[BITS-2], b, level[l-1].node[2*i].carry};
          // verilator lint_on UNUSED
          always @(posedge clock) begin
            value <= total[BITS:1];
            carry <= level[l-1].node[2*i+1].carry;
          end
        end else if (i < LANES) begin : product
          wire weight_negative, negative;
          wire [WEIGHT_FRACTION:0] significand;
          wire [WEIGHT_EXPONENT-1:0] shift;
          wire [BITS-1:0] signed_product;
          esb_decode #(.EXPONENT(WEIGHT_EXPONENT), .FRACTION(WEIGHT_FRACTION), .SIGNED(WEIGHT_SIGNED)) decode (
            .code(weights[i*WEIGHT_BITS+:WEIGHT_BITS]), .negative(weight_negative), .significand(significand),
            .shift(shift));
          esb_multiply #(.EXPONENT_A(WEIGHT_EXPONENT), .FRACTION_A(WEIGHT_FRACTION), .EXPONENT_B(ACTIVATION_EXPONENT),
                         .FRACTION_B(ACTIVATION_FRACTION)) multiply (
            .negative_a(weight_negative), .significand_a(significand), .shift_a(shift), .negative_b(negatives[i]),
            .significand_b(significands[i*(ACTIVATION_FRACTION+1)+:ACTIVATION_FRACTION+1]),
            .shift_b(shifts[i*ACTIVATION_EXPONENT+:ACTIVATION_EXPONENT]), .negative(negative), .value(signed_product));
          always @(posedge clock) begin
            value <= signed_product;
            carry <= negative;
          end
        end else begin : nothing
          always @(posedge clock) begin
            value <= {BITS{1'b0}};
            carry <= 1'b0;
          end
        end
      end
    end
  endgenerate

  wire [SUM_BITS-1:0] increment;
  generate
    if (SUM_BITS > TREE_BITS) begin : extend
      assign increment = {{(SUM_BITS - TREE_BITS) {level[LEVELS].node[0].value[TREE_BITS-1]}}, level[LEVELS].node[0].value};
    end else begin : cut
      assign increment = level[LEVELS].node[0].value[SUM_BITS-1:0];
    end
  endgenerate
  // verilator lint_off UNUSED
  wire [SUM_BITS:0] total = {increment, 1'b1} + {first ? {SUM_BITS{1'b0}} : sum, level[LEVELS].node[0].carry};
  // verilator lint_on UNUSED
  always @(posedge clock) if (add) sum <= total[SUM_BITS:1];
endmodule
