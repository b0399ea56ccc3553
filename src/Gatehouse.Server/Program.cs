using Gatehouse.Server;

return await CommandLine.RunAsync(args);
