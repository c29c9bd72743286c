#include "files.h"

static const unsigned char index_html[] = {
#embed "../../static/index.html"
};

static const unsigned char models_js[] = {
#embed "../../static/models.js"
};

static const unsigned char page_css[] = {
#embed "../../static/page.css"
};

static const unsigned char page_js[] = {
#embed "../../static/page.js"
};

static const struct apus_embedded_file static_files[] = {
    APUS_FILE("index.html", index_html),
    APUS_FILE("models.js", models_js),
    APUS_FILE("page.css", page_css),
    APUS_FILE("page.js", page_js),
};

struct apus_embedded_files apus_static_files(void) {
    return APUS_FILES(static_files);
}
