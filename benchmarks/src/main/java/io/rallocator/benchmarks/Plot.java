package io.rallocator.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** Draws lines with the ranges of their points into a PNG. */
final class Plot {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 440;

    private final XYChart chart;

    Plot(final String title, final String xTitle, final String yTitle, final boolean logarithmicX) {
        System.setProperty("java.awt.headless", "true");
        chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .theme(Styler.ChartTheme.XChart)
                .build();
        chart.getStyler()
                .setXAxisLogarithmic(logarithmicX)
                .setYAxisMin(0.0)
                .setLegendPosition(Styler.LegendPosition.OutsideS)
                .setLegendLayout(Styler.LegendLayout.Horizontal);
    }

    /** Adds a line; the bars reach as far above and below each median as its range. */
    void add(final String name, final List<Double> x, final List<Spread> y) {
        chart.addSeries(
                name,
                x,
                y.stream().map(Spread::median).toList(),
                y.stream()
                        .map(each -> Math.max(each.max() - each.median(), each.median() - each.min()))
                        .toList());
    }

    /** Writes the picture, and beside it the command that made it. */
    void save(final Path folder, final String name, final String command) throws IOException {
        Files.createDirectories(folder);
        BitmapEncoder.saveBitmap(chart, folder.resolve(name).toString(), BitmapEncoder.BitmapFormat.PNG);
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(folder.resolve(name + ".txt")))) {
            out.println(command);
        }
    }
}
