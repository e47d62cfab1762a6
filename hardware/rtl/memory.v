// A memory with one port to write and one to read, which gives the word a cycle after its address and holds it while `read` is 0.
// A word that is written and read in the same cycle is read as it was.
module memory #(
  parameter WIDTH = 8,
  parameter ADDRESS_BITS = 8
) (
  input  wire clock,
  input  wire write,
  input  wire [ADDRESS_BITS-1:0] write_address,
  input  wire [WIDTH-1:0] write_data,
  input  wire read,
  input  wire [ADDRESS_BITS-1:0] read_address,
  output reg  [WIDTH-1:0] read_data
);
  reg [WIDTH-1:0] stored[0:(1<<ADDRESS_BITS)-1];
  always @(posedge clock) begin
    if (write) stored[write_address] <= write_data;
    if (read) read_data <= stored[read_address];
  end
endmodule
