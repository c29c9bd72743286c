/// What MLflow's pages find in a browser that has never seen them: a small script of ours sets it before they run.
enum FirstVisit {
    /// Relative to the page.
    static let scriptAddress = "static-files/apus-first-visit.js"

    /// The pages keep these choices by themselves as soon as a visitor makes them; what is there is left alone.
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
            // A browser that keeps nothing shows the pages as they are.
          }
        })();

        """

    static var script: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
