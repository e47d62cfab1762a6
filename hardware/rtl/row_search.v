// The rank of a row's sum: the largest r with sum >= threshold[r], for thresholds that do not descend. A binary search with one comparator
// and one memory; `search_control` steps all rows alike. Cycle 0 (load): the sum is there, the middle threshold is looked up.
// Cycles 1 .. BITS: one bit of the rank is decided, from the highest. The rank is there in cycle BITS + 1, which may be the next load.
module row_search #(
  parameter SUM_BITS = 24,
  parameter BITS = 4,  // Of ranks.
  parameter SIGNED = 1,
  parameter ADDRESS_BITS = 10  // Of thresholds: at least 2 BITS.
) (
  input  wire clock,
  input  wire load,
  input  wire [BITS-1:0] trial,  // The bit to decide in this cycle, alone; 0: none.
  input  wire [SUM_BITS-1:0] sum,
  // The thresholds' set: `base`, and as many further as the rank of the code of the skip tensor. Both a cycle before load.
  input  wire [ADDRESS_BITS-BITS-1:0] base,
  input  wire skip,
  input  wire [BITS-1:0] skip_code,
  output reg  [BITS-1:0] rank,
  // The host's port to the thresholds.
  input  wire write,
  input  wire [ADDRESS_BITS-1:0] write_address,
  input  wire [SUM_BITS-1:0] write_data
);
  localparam SET_BITS = ADDRESS_BITS - BITS;

  wire [BITS-1:0] skip_rank;
  code_to_rank #(.BITS(BITS), .SIGNED(SIGNED)) to_rank (.code(skip_code), .rank(skip_rank));
  reg [SET_BITS-1:0] set, held_set;
  always @(posedge clock) set <= base + (skip ? {{(SET_BITS - BITS) {1'b0}}, skip_rank} : {SET_BITS{1'b0}});

  reg signed [SUM_BITS-1:0] held;
  wire signed [SUM_BITS-1:0] threshold;
  // 2^BITS - 1 is no rank of numbers with a sign.
  wire [BITS-1:0] candidate = rank | trial;
  wire allowed = SIGNED == 0 || candidate != {BITS{1'b1}};
  wire [BITS-1:0] decided = held >= threshold && allowed ? candidate : rank;
  wire [ADDRESS_BITS-1:0] address = load ? {set, 1'b1, {(BITS - 1) {1'b0}}} : {held_set, decided | (trial >> 1)};
  memory #(.WIDTH(SUM_BITS), .ADDRESS_BITS(ADDRESS_BITS)) thresholds (
    .clock(clock), .write(write), .write_address(write_address), .write_data(write_data), .read(1'b1),
    .read_address(address), .read_data(threshold));

  always @(posedge clock) begin
    if (load) begin
      held <= sum;
      held_set <= set;
      rank <= {BITS{1'b0}};
    end else if (|trial) begin
      rank <= decided;
    end
  end
endmodule
