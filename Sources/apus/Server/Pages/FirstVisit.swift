/// A small script that stores some choices for MLflow's pages in a browser that has never opened them.
enum FirstVisit {
    /// The address of the script, relative to the page.
    static let scriptAddress = "static-files/apus-first-visit.js"

    /// The text of the script, which never changes a choice that MLflow's pages have stored.
    private static let text: StaticString = """
        // Served by Apus beside MLflow's pages: they open on model training, with the assistant closed, until a visitor
        // chooses otherwise. The server's flag --no-ui-defaults leaves this script out.
        (() => {
          const choices = {
            "mlflow.workflowType_v1": "\\"machine_learning\\"",
            "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
            "mlflow.assistant.panelOpen_v1": "false",
          };
          try {
            for (const [name, value] of Object.entries(choices)) {
              if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
            }
          } catch {
            // A browser without local storage shows the pages as they are.
          }
        })();

        """

    static var script: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
