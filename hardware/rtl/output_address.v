// Where the next result belongs: [pixel][group] of words, made group by group.
module output_address #(
  parameter ADDRESS_BITS = 11
) (
  input  wire clock,
  input  wire begin_layer,
  input  wire [ADDRESS_BITS-1:0] base,
  input  wire [ADDRESS_BITS-1:0] groups,
  input  wire next,        // A result is written at `address`.
  input  wire group_last,  // It is the last of its group.
  output reg  [ADDRESS_BITS-1:0] address
);
  localparam ONE = 1;

  reg [ADDRESS_BITS-1:0] group;
  wire [ADDRESS_BITS-1:0] next_group = group + ONE[ADDRESS_BITS-1:0];
  always @(posedge clock) begin
    if (begin_layer) begin
      address <= base;
      group <= base;
    end else if (next) begin
      address <= group_last ? next_group : address + groups;
      if (group_last) group <= next_group;
    end
  end
endmodule
