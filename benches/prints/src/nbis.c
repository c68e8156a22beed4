/* What mindtct and bozorth3 do around NBIS's libraries, without their files: an image in memory
   to the minutiae that bozorth3 would read, and the score of two of them. */

#include <stdio.h>
#include <stdlib.h>
#include <lfs.h>
#undef max
#undef min
#include <bozorth.h>

/* 500 an inch. */
#define PIXELS_PER_MM (500.0 / 25.4)

/* Globals of the program bozorth3, at its defaults. */
int m1_xyt = 0;
int max_minutiae = DEFAULT_BOZORTH_MINUTIAE;
int min_computable_minutiae = MIN_COMPUTABLE_BOZORTH_MINUTIAE;
int verbose_main = 0, verbose_load = 0, verbose_bozorth = 0, verbose_threshold = 0;
FILE *errorfp = NULL;

/* mindtct of an image of 500 pixels an inch, then bozorth3's reading of what it writes. */
int comity_nbis_extract(unsigned char *pixels, int width, int height, struct xyt_struct *out)
{
   MINUTIAE *minutiae;
   int *quality, *direction, *low_contrast, *low_flow, *high_curve;
   int map_w, map_h, bw, bh, bd, i;
   unsigned char *binary;
   static struct xytq_struct read;
   struct xyt_struct *pruned;

   errorfp = stderr;
   if (get_minutiae(&minutiae, &quality, &direction, &low_contrast, &low_flow, &high_curve,
                    &map_w, &map_h, &binary, &bw, &bh, &bd, pixels, width, height, 8,
                    PIXELS_PER_MM, &lfsparms_V2))
      return -1;
   read.nrows = minutiae->num < MAX_FILE_MINUTIAE ? minutiae->num : MAX_FILE_MINUTIAE;
   for (i = 0; i < read.nrows; i++) {
      const MINUTIA *m = minutiae->list[i];
      lfs2nist_minutia_XYT(&read.xcol[i], &read.ycol[i], &read.thetacol[i], m, width, height);
      read.qualitycol[i] = sround(m->reliability * 100.0);
   }
   free_minutiae(minutiae);
   free(quality);
   free(direction);
   free(low_contrast);
   free(low_flow);
   free(high_curve);
   free(binary);
   pruned = bz_prune(&read, 0);
   if (pruned == XYT_NULL)
      return -1;
   *out = *pruned;
   free(pruned);
   return 0;
}
