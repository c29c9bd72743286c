#include "files.h"

// Scripts/embed-files writes this file.

static const unsigned char file_index_html[] = {
#embed "../../static/index.html"
};

static const unsigned char file_models_js[] = {
#embed "../../static/models.js"
};

static const unsigned char file_page_css[] = {
#embed "../../static/page.css"
};

static const unsigned char file_page_js[] = {
#embed "../../static/page.js"
};

static const struct apus_embedded_file static_files[] = {
    APUS_FILE("index.html", file_index_html),
    APUS_FILE("models.js", file_models_js),
    APUS_FILE("page.css", file_page_css),
    APUS_FILE("page.js", file_page_js),
};

struct apus_embedded_files apus_static_files(void) {
    return APUS_FILES(static_files);
}
