#ifndef LOWBIT_DATA_TEST_JPEG_H_
#define LOWBIT_DATA_TEST_JPEG_H_

// For tests and benchmarks only: JPEG files, made in memory.

#include <cstdio>
#include <cstdlib>

// After <cstdio>, which it needs.
#include <jpeglib.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {

struct JpegForm {
  int channels = 3;  // 1 grey, 3 colour, 4 CMYK
  bool progressive = false;
  int columns = 1, rows = 1;  // Pixels that share a sample of colour: 2, 2 is "4:2:0".
  int quality = 100;          // At 100 all quantization steps are 1.
};

// Pixels are interleaved.
inline Bytes Jpeg(const JpegForm& form, uint32_t height, uint32_t width, Bytes pixels) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&info, &memory, &size);
  info.image_height = height;
  info.image_width = width;
  info.input_components = form.channels;
  info.in_color_space = form.channels == 1 ? JCS_GRAYSCALE : (form.channels == 4 ? JCS_CMYK : JCS_RGB);
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, form.quality, TRUE);
  for (int i = 0; i < info.num_components; ++i) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  info.comp_info[0].h_samp_factor = form.columns;
  info.comp_info[0].v_samp_factor = form.rows;
  if (form.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row = pixels.data() + info.next_scanline * width * static_cast<uint32_t>(form.channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes file(memory, memory + size);
  std::free(memory);
  return file;
}

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEST_JPEG_H_
