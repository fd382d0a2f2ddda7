package io.rallocator.examples.cli;

import io.rallocator.collections.BladeInfo;
import io.rallocator.collections.RemoteHeap;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blades}: the blades of a heap. */
@Command(
        name = "blades",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Shows the blades of a heap that is served: number, state, pool, place.")
final class BladesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "ADDRESS",
            description =
                    "The heap's address, as for RemoteHeap.open: tcp://HOST:PORT,HOST:PORT,… or local:PATH,PATH,…")
    private String address;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        final List<BladeInfo> blades;
        try (RemoteHeap heap = RemoteHeap.open(address)) {
            blades = heap.blades();
        }
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Json.print(
                    out,
                    Map.of("blades", blades.stream().map(BladesCommand::view).toList()));
        } else {
            blades.forEach(each -> out.printf(
                    "blade %d: %s%s, pool %s, %s%n",
                    each.number(),
                    state(each),
                    each.isHere() || each.state() == BladeInfo.State.RETIRED ? "" : ", away",
                    each.pool(),
                    each.place()));
            out.flush();
        }
        return 0;
    }

    private static String state(final BladeInfo blade) {
        return blade.state().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static Map<String, Object> view(final BladeInfo blade) {
        final Map<String, Object> view = new LinkedHashMap<>();
        view.put("number", blade.number());
        view.put("state", state(blade));
        view.put("here", blade.isHere());
        view.put("pool", blade.pool().toString());
        view.put("place", blade.place());
        return view;
    }
}
