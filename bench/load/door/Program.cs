using Gatehouse.Bench.Door;

// doorload KEY=VALUE…: one load on a running server, one JSON line on stdout; bench/doors.mjs gives the values.
var settings = Settings.Read(args);
var devices = new List<MqttDevice>();
var load = Load.Of(settings, devices);
for (var i = 0; i < settings.Devices; i++)
{
    devices.Add(await MqttDevice.ConnectAsync(settings, i, load.Filters, load.OnPublish));
}

await load.StartAsync();
await load.RunAsync(TimeSpan.FromSeconds(Math.Min(3, settings.Seconds)));
var measured = new Measured(settings);
await load.RunAsync(TimeSpan.FromSeconds(settings.Seconds));
Console.WriteLine(measured.ToJson(load.TakeTimes()));
Environment.Exit(0);
