using System.Globalization;
using Gatehouse.Bench.Registrations;

// registerload KEY=VALUE…: devices that register at a running server, one JSON line on stdout; bench/provisioning.mjs gives the values.
var values = args.Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);
var service = await Service.OfAsync(values["connection"]);
Fleet fleet = values["mode"] switch
{
    "key" => await KeyFleet.EnrollAsync(service),
    "x509" => await CertificateFleet.EnrollAsync(service),
    _ => await TpmFleet.EnrollAsync(service, Number("in-flight")),
};
if (values["shape"] == "storm")
{
    Console.WriteLine(await new Storm(service, fleet, Number("devices")).RunAsync());
}
else
{
    Console.WriteLine(await new SteadyLoad(service, fleet, Number("in-flight"), isKept: values["shape"] == "kept").RunAsync(TimeSpan.FromSeconds(Number("seconds"))));
}
