package io.rallocator.examples.cli;

import io.rallocator.allocator.Blade;
import io.rallocator.persistence.CheckReport;
import io.rallocator.persistence.Finding;
import io.rallocator.persistence.PoolChecker;
import io.rallocator.persistence.PoolFile;
import io.rallocator.persistence.PoolInUseException;
import io.rallocator.persistence.PoolLock;
import io.rallocator.persistence.PoolRepair;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code check}: verifies a pool that nobody serves. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Verifies every checksum of a pool, its bitmap against the slabs in use, and the block",
            "bitmaps against what the collections reach. The pool must not be served meanwhile."
        },
        footer = {"", "Exit code 0: clean, 1: something was found, others as in rallocator --help."})
final class CheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "The pool's file.")
    private Path pool;

    @Option(
            names = "--repair",
            description = "Recover the sessions of dead workers, restore what has redundancy, then check again.")
    private boolean repair;

    @Option(names = "--json", description = "Print the report as one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        PoolFile.readSuperblock(pool);
        requireUnserved();
        final CheckReport report = repair ? repair() : PoolChecker.check(pool);
        if (json) {
            Json.print(spec.commandLine().getOut(), asMap(report));
        } else {
            print(spec.commandLine().getOut(), report);
        }
        return report.clean() ? 0 : Failures.FAILED;
    }

    private void requireUnserved() {
        final PoolLock lock = PoolLock.tryAcquire(PoolLock.bladeLock(pool));
        if (lock == null) {
            throw new PoolInUseException("a blade serves " + pool
                    + ": what it changes meanwhile would look like damage; stop it first, or use `rallocator inspect`");
        }
        lock.close();
    }

    /** Repairs first what recovery itself needs, then recovers, then repairs what recovery left to see. */
    private CheckReport repair() {
        final CheckReport before = PoolRepair.repair(pool);
        if (!before.sessions().isEmpty()) {
            Blade.open(pool).close();
            return PoolRepair.repair(pool);
        }
        return before;
    }

    private void print(final PrintWriter out, final CheckReport report) {
        out.println(pool + ": " + (report.clean() ? "clean" : "NOT CLEAN"));
        for (final CheckReport.StructureFigures structure : report.structures()) {
            out.println("  " + structure.type() + " '" + structure.name() + "': " + structure.elements()
                    + " elements in " + structure.blocks() + " blocks, " + ByteSize.forPeople(structure.bytes()));
        }
        out.println("  units in use: " + report.usedUnits() + " of " + report.units() + "; live blocks: "
                + report.liveBlocks() + ", " + ByteSize.forPeople(report.liveBytes()) + " in slabs of "
                + ByteSize.forPeople(report.heldBytes()));
        out.println("  leaked slabs: " + report.leakedSlabs() + ", leaked blocks: " + report.leakedBlocks()
                + ", double allocations: " + report.doubleAllocations() + ", unsettled blocks: "
                + report.unsettledBlocks());
        if (!report.sessions().isEmpty()) {
            out.println("  " + report.sessions().size()
                    + " session(s) ended without recovery: the next blade recovers them, or --repair does");
        }
        for (final Finding finding : report.findings()) {
            out.println("  " + finding);
        }
        if (report.suppressedFindings() > 0) {
            out.println("  … and " + report.suppressedFindings() + " more findings");
        }
        out.flush();
    }

    private Map<String, Object> asMap(final CheckReport report) {
        final Map<String, Object> map = new LinkedHashMap<>();
        map.put("pool", pool.toString());
        map.put("clean", report.clean());
        map.put("leakedSlabs", report.leakedSlabs());
        map.put("leakedBlocks", report.leakedBlocks());
        map.put("doubleAllocations", report.doubleAllocations());
        map.put("unsettledBlocks", report.unsettledBlocks());
        map.put("liveBlocks", report.liveBlocks());
        map.put("liveBytes", report.liveBytes());
        map.put("heldBytes", report.heldBytes());
        map.put("units", report.units());
        map.put("usedUnits", report.usedUnits());
        map.put("sessions", report.sessions().size());
        final List<Object> structures = new ArrayList<>();
        for (final CheckReport.StructureFigures structure : report.structures()) {
            structures.add(Map.of(
                    "name",
                    structure.name(),
                    "type",
                    structure.type(),
                    "elements",
                    structure.elements(),
                    "blocks",
                    structure.blocks(),
                    "bytes",
                    structure.bytes()));
        }
        map.put("structures", structures);
        final List<Object> findings = new ArrayList<>();
        for (final Finding finding : report.findings()) {
            findings.add(Map.of(
                    "severity",
                    finding.severity().name(),
                    "offset",
                    finding.offset(),
                    "what",
                    finding.what(),
                    "repairable",
                    finding.repairable(),
                    "repaired",
                    finding.repaired()));
        }
        map.put("findings", findings);
        map.put("suppressedFindings", report.suppressedFindings());
        return map;
    }
}
