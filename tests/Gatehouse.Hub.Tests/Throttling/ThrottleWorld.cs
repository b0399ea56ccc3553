using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Telemetry;
using Gatehouse.Hub.Throttling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hub.Tests.Throttling;

/// <summary>Throttles with a clock of the test's, and what they log and count.</summary>
internal sealed class ThrottleWorld : IDisposable, ILogger<Throttles>
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener listener = new();
    private readonly Dictionary<string, long> counts = [];

    internal ThrottleWorld(ThrottleOptions options, TelemetryOptions? telemetry = null)
    {
        var metrics = new ThrottleMetrics(services.GetRequiredService<IMeterFactory>());
        Throttles = new Throttles(options, telemetry ?? new(), metrics, Time, this);
        var factory = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, on) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                on.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var key = tags.IsEmpty ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
            counts[key] = counts.GetValueOrDefault(key) + value;
        });
        listener.Start();
    }

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 27, 8, 0, 0, TimeSpan.Zero));

    internal Throttles Throttles { get; }

    internal HubName Hub { get; } = HubName.Parse("hub1");

    internal List<string> Lines { get; } = [];

    internal long Count(string instrument) => counts.GetValueOrDefault(instrument);

    internal static Operation Row(ThrottleClass operations) => new("Test", Plane.Service, [Rights.Owner], operations);

    internal static IReadOnlyDictionary<ThrottleClass, ThrottleRate?> Limit(ThrottleClass operations, double perSecond) =>
        new Dictionary<ThrottleClass, ThrottleRate?> { [operations] = new ThrottleRate(perSecond, TimeSpan.FromSeconds(1)) };

    /// <summary>For its rate alone: it has no log.</summary>
    internal TelemetryChannel OpenChannel(string id) => new(null!, 0, new TelemetryOptions(), new TelemetryMetrics(services.GetRequiredService<IMeterFactory>()), Throttles, Join(id));

    internal DeviceShare Join(string id) => Throttles.Join(Hub, HubHost.Key(id))!;

    /// <summary>Of a back end, with nothing held back: refused or not, now.</summary>
    internal HubError? Ask(ThrottleClass operations, int cost = 1) => Now(Throttles.PassAsync(Hub, Row(operations), cost, TestContext.Current.CancellationToken));

    internal HubError? Ask(DeviceShare device, ThrottleClass operations) => Now(Throttles.PassAsync(device, Row(operations), TestContext.Current.CancellationToken));

    /// <summary>Allocates nothing itself.</summary>
    internal bool Passes(DeviceShare device, Operation row) => Now(Throttles.PassAsync(device, row, CancellationToken.None)) is null;

    public void Dispose()
    {
        listener.Dispose();
        services.Dispose();
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{eventId.Id} {formatter(state, exception)}");

    private static HubError? Now(ValueTask<HubError?> asked)
    {
        Assert.True(asked.IsCompleted);
        return asked.GetAwaiter().GetResult();
    }
}
