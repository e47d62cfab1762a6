// Steps the searches of all rows: which bit of the ranks is decided, when they are found, and where the thresholds are.
module search_control #(
  parameter BITS = 4,
  parameter SET_BITS = 6
) (
  input  wire clock,
  input  wire reset,
  input  wire load,
  input  wire group_last,  // With load: the pixel is the last of its group of output channels.
  output reg  [BITS-1:0] trial,
  output reg  found,
  output reg  found_group_last,
  // The set of thresholds of the group; a group has one, or 2^BITS with a skip.
  input  wire begin_layer,
  input  wire [SET_BITS-1:0] first_set,
  input  wire skip,
  output reg  [SET_BITS-1:0] set
);
  always @(posedge clock) begin
    trial <= load ? {1'b1, {(BITS - 1) {1'b0}}} : trial >> 1;
    found <= trial[0];
    if (load) found_group_last <= group_last;
    if (begin_layer) set <= first_set;
    else if (load && group_last) set <= set + (skip ? {{(SET_BITS - BITS - 1) {1'b0}}, 1'b1, {BITS{1'b0}}} : {{(SET_BITS - 1) {1'b0}}, 1'b1});
    if (reset) begin
      trial <= {BITS{1'b0}};
      found <= 1'b0;
    end
  end
endmodule
