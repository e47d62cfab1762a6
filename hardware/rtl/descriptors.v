// The layers' descriptors, one memory for each field (hardware/README.md lists them), written field by field and read at once.
module descriptors #(
  parameter LAYER_BITS = 6,
  parameter FIELDS = 26
) (
  input  wire clock,
  input  wire write,
  input  wire [LAYER_BITS-1:0] write_layer,
  input  wire [4:0] write_field,
  input  wire [31:0] write_data,
  input  wire read,
  input  wire [LAYER_BITS-1:0] layer,
  output wire [FIELDS*32-1:0] fields
);
  // The bits that the field's consumer looks at: flags, extents, addresses.
  function integer bits_of(input integer field);
    bits_of = field == 0 ? 3 : field <= 12 ? 16 : field <= 23 ? 32 : 16;
  endfunction

  genvar i;
  generate
    for (i = 0; i < FIELDS; i = i + 1) begin : field
      localparam BITS = bits_of(i);
      memory #(.WIDTH(BITS), .ADDRESS_BITS(LAYER_BITS)) words (
        .clock(clock), .write(write && write_field == i), .write_address(write_layer),
        .write_data(write_data[BITS-1:0]), .read(read), .read_address(layer), .read_data(fields[i*32+:BITS]));
      if (BITS < 32) begin : unused
        assign fields[i*32+BITS+:32-BITS] = {(32 - BITS) {1'b0}};
      end
    end
  endgenerate
endmodule
